"""The hot state again, from the record: what a lost Valkey costs is the time this takes.

Every stretch is one transaction with its place in the record, so that a rebuild that is killed goes on where it
was. Events decided meanwhile are counted as ever: a series does not care in which order it learns its events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from app.ports import JournalEntry, OutcomeTold, Record
from app.settlement import settlement
from app.sighting import MARK_BYTES, Sighter
from app.store.packing import ROLES, entity_key
from app.store.pipeline import Pipeline, pack, script
from app.store.valkey import STATE_KEY, restoring
from detectors.snapshot import EXACT_BURNS

STRETCH: Final = 64
"""Entries a transaction: some 500 commands, 10 ms during which Valkey serves nobody else."""
PLACE: Final = "rebuilt"
COMPLETE: Final = "complete"
Progress = Callable[[int, int], None]
"""Told (entries done, entries in all)."""


async def is_complete(pipeline: Pipeline) -> bool:
    """Whether the hot state holds everything the record holds."""
    return bool(await pipeline.execute("HEXISTS", STATE_KEY, COMPLETE))


async def wipe(pipeline: Pipeline) -> None:
    """Forget every entity, so that a rebuild starts from nothing. Journals, claims and answers stay."""
    await pipeline.execute("HDEL", STATE_KEY, COMPLETE, PLACE)
    letters = set(ROLES.values())
    cursor = b"0"
    while True:
        cursor, keys = await pipeline.execute("SCAN", cursor, "COUNT", 1_000)
        doomed = [key for key in keys if key[:1] in letters and key != STATE_KEY]
        if doomed:
            await pipeline.execute("UNLINK", *doomed)
        if cursor == b"0":
            return


async def rebuild(pipeline: Pipeline, record: Record, sighter: Sighter, progress: Progress) -> int:
    """
    Bring the hot state to what the record says, from where an interrupted rebuild stopped. Entries replayed.

    Raises:
        app.ports.HotStoreAway, app.ports.RecordAway: Start again; it goes on from there.
    """
    begun = int(await pipeline.execute("HGET", STATE_KEY, PLACE) or 0)
    total = record.count_events()
    packed: list[bytes] = []
    done = 0
    for entry, seq in record.replay():
        done += 1
        if seq <= begun:
            continue
        packed += _moves(entry, sighter)
        if done % STRETCH == 0:
            await _apply(pipeline, packed, seq)
            packed = []
            progress(done, total)
    await _apply(pipeline, packed, None)
    progress(done, done)
    return done


async def _apply(pipeline: Pipeline, packed: list[bytes], place: int | None) -> None:
    """All of it or nothing, and how far we are."""
    mark = pack(("HSET", STATE_KEY, PLACE if place else COMPLETE, place or 1))
    whole = [pack(("MULTI",)), *packed, mark, pack(("EXEC",))]
    await pipeline.call(b"".join(whole), len(whole))


def _moves(entry: JournalEntry, sighter: Sighter) -> list[bytes]:
    """The commands that bring one entry's traces back, as `observe` and `commit` or `outcome` left them."""
    if isinstance(entry, OutcomeTold):
        account = entity_key("account", sighter.digest(entry.program_id, "account", entry.account_id))
        mark = sighter.event_key(entry.program_id, entry.event_id)[:MARK_BYTES]
        turn = (entry.occurred_ms, mark, entry.points, EXACT_BURNS, entry.effect)
        return [script("effect", [account], *turn)] if entry.effect else []
    settled = settlement(entry)
    links = [
        script("link", [entity_key("account", owner)], peer, probability)
        for owner, peer, probability in settled.links
    ]
    return [*restoring(sighter.sight(entry.event).sighting, settled), *links]
