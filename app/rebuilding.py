"""The hot state again, from the record: what a lost Valkey costs is the time this takes.

Every stretch is one transaction with its place in the record, so that a rebuild that is killed goes on where it
was. It goes as far as the record went when it began: what is recorded from then on was counted when it was decided.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from itertools import islice
from typing import Final

from app.capping.ports import NEVER_MS
from app.capping.reservations import moves
from app.ports.history import HotStoreAway
from app.ports.journal import Decided, HoldEnded, JournalEntry, OutcomeTold, StepUpPassed
from app.ports.record import Record
from app.settlement import settlement
from app.sighting import MARK_BYTES, Sighter
from app.store.packing import entity_key, is_entity
from app.store.pipeline import Pipeline, pack, script
from app.store.valkey import STATE_KEY, TURNED, locking, restoring, turned_by_pass, turned_key, word_and_kind
from app.store.valkey_caps import is_cap, moving
from detectors.snapshot import EXACT_BURNS

STRETCH: Final = 64
"""Entries a transaction: some 500 commands, 10 ms during which Valkey serves nobody else."""
PLACE: Final = "rebuilt"
GOAL: Final = "rebuild_to"
COMPLETE: Final = "complete"
REBUILDER: Final = b"rebuilding"
LEASE_MS: Final = 10_000
"""How long a rebuild that says nothing keeps others out: far above a stretch, which takes some 20 ms."""
Progress = Callable[[int, int], None]
"""Told (entries done, entries in all)."""


class Rebuilding(Exception):
    """Another process is rebuilding: what was folded into cells would be counted twice by two."""


async def is_complete(pipeline: Pipeline) -> bool:
    """Whether the hot state holds everything the record holds."""
    return bool(await pipeline.execute("HEXISTS", STATE_KEY, COMPLETE))


async def wipe(pipeline: Pipeline, token: bytes | None = None) -> None:
    """
    Forget every entity, so that a rebuild starts from nothing. Journals, claims and answers stay.

    Args:
        pipeline: To the hot store.
        token: Of the rebuild that does it, whose lease is renewed meanwhile.

    Raises:
        Rebuilding: Another has taken over; what it restores must not be forgotten.
    """
    await pipeline.execute("HDEL", STATE_KEY, COMPLETE, PLACE, GOAL)
    cursor = b"0"
    while True:
        if token is not None and not await _renewed(pipeline, token):
            raise Rebuilding("another process has taken the rebuild over")
        cursor, keys = await pipeline.execute("SCAN", cursor, "COUNT", 1_000)
        doomed = [key for key in keys if is_entity(key) or is_cap(key) or key[:1] == TURNED]
        if doomed:
            await pipeline.execute("UNLINK", *doomed)
        if cursor == b"0":
            return


async def rebuild(
    pipeline: Pipeline,
    record: Record,
    sighter: Sighter,
    progress: Progress,
    *,
    from_nothing: bool = False,
    now_ms: int = 0,
) -> int:
    """
    Bring the hot state to what the record says, from where an interrupted rebuild stopped. Entries replayed.

    With `from_nothing` what is there is forgotten first; otherwise a complete state is left as it is. Reservations that
    have lapsed by `now_ms` are left out.

    Raises:
        Rebuilding: Somebody else is at it, or took over.
        app.ports.history.HotStoreAway, app.ports.record.RecordAway: Start again; it goes on from there.
    """
    token = secrets.token_bytes(8)
    if not await pipeline.execute("SET", REBUILDER, token, "NX", "PX", LEASE_MS):
        raise Rebuilding("the hot state is being rebuilt by another process; it says when it is complete")
    try:
        if from_nothing:
            await wipe(pipeline, token)
        return (
            0
            if await is_complete(pipeline)
            else await _replay(pipeline, record, sighter, progress, token, now_ms)
        )
    finally:
        if await pipeline.execute("GET", REBUILDER) == token:
            await pipeline.execute("DEL", REBUILDER)


async def _replay(
    pipeline: Pipeline, record: Record, sighter: Sighter, progress: Progress, token: bytes, now_ms: int
) -> int:
    await pipeline.execute("HSETNX", STATE_KEY, GOAL, record.last_seq())
    begun, goal = (int(seq or 0) for seq in await pipeline.execute("HMGET", STATE_KEY, PLACE, GOAL))
    total = record.count_events()
    await _lock(pipeline, record, sighter, token)
    packed: list[bytes] = []
    done = 0
    for entry, seq in record.replay():
        if seq > goal:
            break
        done += 1
        if seq <= begun:
            continue
        packed += _moves(entry, sighter) + _reservations(entry, sighter, now_ms)
        if done % STRETCH == 0:
            await _apply(pipeline, packed, seq, token)
            packed = []
            progress(done, total)
    await _apply(pipeline, packed, None, token)
    progress(done, done)
    return done


async def _lock(pipeline: Pipeline, record: Record, sighter: Sighter, token: bytes) -> None:
    """First of all, the locks on accounts: what changes from now on is told by whoever changes it."""
    rows = record.locked()
    while stretch := list(islice(rows, STRETCH)):
        packed = [
            locking(sighter.digest(row.program_id, "account", row.account_id), row.version, row.lock)
            for row in stretch
        ]
        await pipeline.call(b"".join(packed), len(packed))
        if not await _renewed(pipeline, token):
            raise Rebuilding("another process has taken the rebuild over")


async def _renewed(pipeline: Pipeline, token: bytes) -> bool:
    """Whether the rebuild is still ours, and its lease longer by then."""
    if await pipeline.execute("GET", REBUILDER) != token:
        return False
    await pipeline.execute("PEXPIRE", REBUILDER, LEASE_MS)
    return True


async def _apply(pipeline: Pipeline, packed: list[bytes], place: int | None, token: bytes) -> None:
    """All of it or nothing, and how far we are; nothing where another has taken over."""
    watched = pack(("WATCH", REBUILDER)) + pack(("GET", REBUILDER))
    if (await pipeline.call(watched, 2))[1] != token:
        raise Rebuilding("another process has taken the rebuild over")
    marks = [
        pack(("HSET", STATE_KEY, PLACE if place else COMPLETE, place or 1)),
        pack(("PEXPIRE", REBUILDER, LEASE_MS)),
    ]
    whole = [pack(("MULTI",)), *packed, *marks, pack(("EXEC",))]
    replies = (await pipeline.call(b"".join(whole), len(whole)))[-1]
    if replies is None:
        raise Rebuilding("another process has taken the rebuild over")
    refused = next((reply for reply in replies if isinstance(reply, Exception)), None)
    if refused is not None:  # Redis does not roll back: what is half there would be counted twice
        await wipe(pipeline, token)
        raise HotStoreAway(f"a stretch of the rebuild was refused, it starts again: {refused}") from refused


def _known_by(entry: OutcomeTold | StepUpPassed | HoldEnded) -> int | bytes:
    """By what the live move of a total is recognised: no two entries of an event share it."""
    if isinstance(entry, OutcomeTold):
        return entry.told_ms
    return turned_by_pass(entry.passed_ms if isinstance(entry, StepUpPassed) else entry.ended_ms)


def _reservations(entry: JournalEntry, sighter: Sighter, now_ms: int) -> list[bytes]:
    """The commands that bring its parts of caps back, where they have not lapsed and their caps are still kept."""
    if not entry.reserved:
        return []
    named = entry.event if isinstance(entry, Decided) else entry
    return [
        moving(one)
        for one in moves(entry, sighter.event_key(named.program_id, named.event_id))
        if one.at_ms + one.ttl_ms > now_ms
        if one.word == "release" or one.until_ms == NEVER_MS or one.until_ms > now_ms
    ]


def _moves(entry: JournalEntry, sighter: Sighter) -> list[bytes]:
    """The commands that bring one entry's traces back, as `observe` and `commit`, `outcome` or `pass` left them."""
    if not isinstance(entry, Decided):
        account = sighter.digest(entry.program_id, "account", entry.account_id)
        event_key = sighter.event_key(entry.program_id, entry.event_id)
        word, kind = word_and_kind(entry.effect)
        keys = [entity_key("account", account), turned_key(account, event_key)]
        known_by = _known_by(entry)
        mark, told = event_key[:MARK_BYTES], (word, kind, known_by)
        turn = (entry.occurred_ms, mark, entry.points, EXACT_BURNS, *told)
        return [script("effect", keys, *turn)] if entry.effect else []
    settled = settlement(entry)
    links = [
        script("link", [entity_key("account", owner)], peer, probability)
        for owner, peer, probability in settled.links
    ]
    return [restoring(sighter.sight(entry.event).sighting, settled), *links]
