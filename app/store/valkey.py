"""The hot store: every entity one hash, every move one script, every event two round trips."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Literal, cast

from app.ports.history import LOCKED_MEANWHILE, Settlement
from app.ports.journal import Effect, Outcome, Pass, Standing
from app.ports.sighting import Claim, Seen, Sighting
from app.store.packing import (
    BY_WHOM,
    FACT_FIELDS,
    KINDS,
    PEER_FIELDS,
    PEERS,
    ROLES,
    entity_key,
    partition,
    traits_bytes,
    unpack_entity,
)
from app.store.pipeline import Pipeline, pack, script
from app.store.valkey_caps import ValkeyReservations
from detectors.snapshot import EXACT_BURNS, EXACT_INSTANTS, EXACT_INSTANTS_SHARED, Lock

DAY_MS: Final = 86_400_000
ACCOUNT_TTL_MS: Final = 400 * DAY_MS
"""Accounts, and the identifiers and instruments that link them, are kept as long as raw events: 13 months."""
SHARED_TTL_MS: Final = 32 * DAY_MS
"""Devices and IP addresses: the longest window and two days."""
CLAIM_TTL_MS: Final = DAY_MS
"""A claim nobody ever answered: longer than any client retries."""
TURNED_TTL_MS: Final = DAY_MS
"""What is settled while a rebuild runs is not to count twice: longer than any rebuild takes."""
TURNED: Final = b"u"
PASSED: Final = b"y"
ENDED: Final = b"v"
STATE_KEY: Final = b"state"
VERSION_BITS: Final = 62
"""Versions of lists are random: a counter that a lost Valkey begins anew would come by an old number again."""
_ASK_STATE: Final = pack((b"HMGET", STATE_KEY, b"config", b"complete"))
_BEGIN: Final = pack((b"MULTI",))
_END: Final = pack((b"EXEC",))
SHORT_LIVED: Final = frozenset({"device", "ip"})
KEPT: Final = {
    role: (
        EXACT_INSTANTS if letter == b"a" else EXACT_INSTANTS_SHARED,
        SHARED_TTL_MS if role in SHORT_LIVED else ACCOUNT_TTL_MS,
    )
    for role, letter in ROLES.items()
}
"""Role → exact instants kept in a series, and how long the entity lives without events (ms)."""


def answer_key(account_key: bytes, event_key: bytes) -> bytes:
    """Where the answer to an event is kept: beside its account."""
    return b"w" + partition(account_key) + event_key


def outcome_key(account_key: bytes, event_key: bytes) -> bytes:
    """Where the last outcome told of an event is kept until the record has it."""
    return b"o" + partition(account_key) + event_key


def passed_key(account_key: bytes, event_key: bytes) -> bytes:
    """Where it is noted that an event's challenge was passed, until the record has it."""
    return PASSED + partition(account_key) + event_key


def turned_by_pass(passed_ms: int) -> bytes:
    """What a pass is known by among what turned a total: no outcome told at the same instant is taken for it."""
    return b"p%d" % passed_ms


def turned_key(account_key: bytes, event_key: bytes) -> bytes:
    """Where it is kept what of an event is settled: itself, while a rebuild runs, and outcomes, by when told."""
    return TURNED + partition(account_key) + event_key


def word_and_kind(effect: Effect) -> tuple[str, bytes]:
    """An effect as outcome.lua wants it: the word, and the letter of the kind that is totalled."""
    word, _, kind = effect.partition(" ")
    return word, KINDS[kind]


def claim_key(event_key: bytes) -> bytes:
    """Where an event id is claimed for one body."""
    return b"c" + partition(event_key) + event_key


def filter_key(event_key: bytes, *, building: bool = False) -> bytes:
    """The filter of recorded event ids that this event is looked up in, or the one that will replace it."""
    return (b"g" if building else b"f") + partition(event_key)


def journal_key(account_key: bytes) -> bytes:
    """The journal that the account's decisions go to."""
    return b"j" + partition(account_key)


async def all_of(waiting: Sequence[asyncio.Future[list[Any]]]) -> list[list[Any]]:
    """Every reply, in order. One after the other, since they arrive so: cheaper than a gathering."""
    try:
        return [await reply for reply in waiting]
    except BaseException:
        for reply in waiting:  # the first failure is told; the others must not be reported as forgotten
            reply.add_done_callback(_looked_at)
        raise


def _looked_at(reply: asyncio.Future[list[Any]]) -> None:
    if not reply.cancelled():
        reply.exception()


def observing(sighting: Sighting, keys: Sequence[bytes]) -> bytes:
    """The packed command that counts a sighting at every entity it touches, named by `entity_keys`."""
    return script("observe", keys, sighting.at_ms, sighting.fingerprint, *_taken(sighting))


def restoring(sighting: Sighting, settled: Settlement) -> bytes:
    """The same for a rebuild, where the script settles as well."""
    totals = _totals(settled)
    burned = b"" if settled.burned is None else settled.burned
    settles = (burned, EXACT_BURNS, len(totals), *totals)
    keys = [*entity_keys(sighting), turned_key(sighting.touches[0].key, sighting.event_key)]
    return script("restore", keys, sighting.at_ms, sighting.fingerprint, *settles, *_taken(sighting))


def locking(account_key: bytes, version: int, lock: Lock | None) -> bytes:
    """The packed command that lets an account be locked, or not."""
    since_ms, by = (0, b"") if lock is None else (lock.since_ms, BY_WHOM[lock.by])
    return script("lock", [entity_key("account", account_key)], version, since_ms, by, ACCOUNT_TTL_MS)


def entity_keys(sighting: Sighting) -> list[bytes]:
    """Where the entities a sighting touches are kept, the account first."""
    return [entity_key(touch.role, touch.key) for touch in sighting.touches]


def _taken(sighting: Sighting) -> list[bytes | int]:
    """For each touch what `take` in entity.lua wants."""
    words: list[bytes | int] = []
    for role, _, kind, points, peers, facts in sighting.touches:
        keep, ttl_ms = KEPT[role]
        notes = 3 * len(peers) + 2 * len(facts)
        words += (KINDS[kind], b"" if points is None else points, keep, ttl_ms, notes)
        for peer_role, key, traits in peers:
            words += (PEER_FIELDS[peer_role], key, traits_bytes(peer_role, traits))
        for name, value in facts:
            words += (FACT_FIELDS[name], value)
    return words


def _totals(settled: Settlement) -> list[bytes | int]:
    return [part for kind, points in settled.totals.items() for part in (KINDS[kind], points)]


class ValkeyHistory(ValkeyReservations):
    """
    `app.ports.history.History` on Valkey or Redis.

    Args:
        pipeline: Its patience is that of `observe`.
        commit_timeout_s: Patience with `commit`, in seconds, where it is to be another.
    """

    def __init__(self, pipeline: Pipeline, commit_timeout_s: float | None = None) -> None:
        ValkeyReservations.__init__(self, pipeline, commit_timeout_s)
        self._pipeline, self._commit_timeout_s = pipeline, commit_timeout_s

    async def observe(self, sighting: Sighting) -> Seen:
        """See `History.observe`."""
        return self._seen(sighting, await self._ask(sighting))

    async def observe_many(self, sightings: Sequence[Sighting]) -> list[Seen]:
        """The same for many events, counted in the order given, still one round trip."""
        waiting = [self._ask(sighting) for sighting in sightings]
        replies = await all_of(waiting)
        return [self._seen(sighting, reply) for sighting, reply in zip(sightings, replies, strict=True)]

    async def claim(self, sighting: Sighting) -> Claim:
        """Claim the event id alone: for events whose traces could not be taken back after a conflict."""
        reply = await self._pipeline.call(self._claim(sighting))
        word: Claim = reply[0].decode()
        return word

    async def settle_claim(self, sighting: Sighting, body_hash: bytes) -> None:
        """The record holds another body under this id: let the claim say so."""
        await self._pipeline.execute("SET", claim_key(sighting.event_key), body_hash, "PX", CLAIM_TTL_MS)

    async def commit(self, sighting: Sighting, answer: bytes, entry: bytes, settled: Settlement) -> bytes:
        """See `History.commit`."""
        return (await self.commit_many([(sighting, answer, entry, settled)]))[0]

    async def commit_many(self, decided: Sequence[tuple[Sighting, bytes, bytes, Settlement]]) -> list[bytes]:
        """Commit in order; the answers that count, in the same order."""
        patience = self._commit_timeout_s
        waiting = [self._pipeline.call(*self._commit(*one), timeout_s=patience) for one in decided]
        replies = await all_of(waiting)
        return [
            one[1]
            if replied[0] is None
            else LOCKED_MEANWHILE
            if replied[0] == 0
            else replied[0][len(one[0].body_hash) :]
            for one, replied in zip(decided, replies, strict=True)
        ]

    async def retract(self, sighting: Sighting, seen: Seen) -> None:
        """See `History.retract`."""
        packed = []
        for touch in sighting.touches:
            met = seen.met.get(touch.role, ())
            if not seen.added.get(touch.role) and not met:
                continue
            kind = KINDS[touch.kind] if seen.added.get(touch.role) else b""
            points = "" if touch.points is None else touch.points
            peers: list[bytes | int] = []
            for peer in met:
                peers += [PEERS[peer.role], peer.key, 16 + len(traits_bytes(peer.role, peer.traits))]
            own = (kind, sighting.at_ms, sighting.fingerprint, points)
            packed.append(script("retract", [entity_key(touch.role, touch.key)], *own, *peers))
        if packed:
            await self._pipeline.call(b"".join(packed), len(packed))

    async def tell_outcome(
        self,
        sighting: Sighting,
        outcome: Outcome,
        known: Outcome | None,
        entry: bytes,
        points: int,
        effect: Effect,
        told_ms: int = 0,
        *,
        known_passed: bool = False,
    ) -> Standing | None:
        """See `History.tell_outcome`."""
        account = sighting.touches[0].key
        keys = [
            entity_key("account", account),
            outcome_key(account, sighting.event_key),
            journal_key(account),
            turned_key(account, sighting.event_key),
            passed_key(account, sighting.event_key),
        ]
        word, kind = word_and_kind(effect)
        packed = script(
            "outcome", keys, outcome, entry, sighting.at_ms, sighting.fingerprint, points, EXACT_BURNS,
            word, known or b"", kind, told_ms, TURNED_TTL_MS, b"1" if known_passed else b"",
        )  # fmt: skip
        last: bytes | None = (await self._pipeline.call(packed))[0]
        return None if last is None else cast("Standing", last.decode())

    async def pass_step_up(
        self,
        sighting: Sighting,
        known: Outcome | None,
        entry: bytes,
        points: int,
        effect: Effect,
        passed_ms: int,
    ) -> Pass | None:
        """See `History.pass_step_up`."""
        account = sighting.touches[0].key
        keys = [
            entity_key("account", account),
            passed_key(account, sighting.event_key),
            journal_key(account),
            turned_key(account, sighting.event_key),
            outcome_key(account, sighting.event_key),
        ]
        word, kind = word_and_kind(effect)
        packed = script(
            "pass", keys, entry, sighting.at_ms, sighting.fingerprint, points, EXACT_BURNS, word, known or b"",
            kind, turned_by_pass(passed_ms), TURNED_TTL_MS,
        )  # fmt: skip
        between: bytes | None = (await self._pipeline.call(packed))[0]
        return None if between is None else cast("Pass", between.decode())

    async def end_hold(
        self, sighting: Sighting, entry: bytes, points: int, effect: Effect, ended_ms: int, *, released: bool
    ) -> Outcome | Literal["ended", "locked"] | None:
        """See `History.end_hold`."""
        account = sighting.touches[0].key
        keys = [
            entity_key("account", account),
            ENDED + partition(account) + sighting.event_key,
            journal_key(account),
            turned_key(account, sighting.event_key),
            outcome_key(account, sighting.event_key),
            passed_key(account, sighting.event_key),
        ]
        word, kind = word_and_kind(effect)
        packed = script(
            "hold", keys, entry, sighting.at_ms, sighting.fingerprint, points, EXACT_BURNS, word, kind,
            turned_by_pass(ended_ms), TURNED_TTL_MS, b"1" if released else b"",
        )  # fmt: skip
        told: bytes | None = (await self._pipeline.call(packed))[0]
        return None if told is None else cast("Outcome", told.decode())

    async def lock(self, account_key: bytes, version: int, lock: Lock | None) -> None:
        """See `History.lock`."""
        await self._pipeline.call(locking(account_key, version, lock))

    async def stored_answer(self, account_key: bytes, event_key: bytes) -> bytes | None:
        """The answer to an event that the record may not hold yet."""
        kept = await self._pipeline.execute("GET", answer_key(account_key, event_key))
        return None if kept is None else kept[16:]

    # ------------------------------------------------------------ packing and reading

    def _claim(self, sighting: Sighting) -> bytes:
        keys = [claim_key(sighting.event_key), filter_key(sighting.event_key)]
        return script("claim", keys, sighting.body_hash, sighting.event_key, CLAIM_TTL_MS)

    def _ask(self, sighting: Sighting) -> asyncio.Future[list[Any]]:
        """
        Claim the event, then count and read its entities with nobody between: what is read is as of this event.

        In a cluster this would be one transaction for the entities of each slot.
        """
        keys = entity_keys(sighting)
        counting = observing(sighting, keys)
        reading = [pack((b"HGETALL", key)) for key in keys]
        answer = pack((b"GET", answer_key(sighting.touches[0].key, sighting.event_key)))
        parts = [self._claim(sighting), answer, _ASK_STATE, _BEGIN, counting, *reading, _END]
        return self._pipeline.call(b"".join(parts), len(parts))

    def _seen(self, sighting: Sighting, replies: list[Any]) -> Seen:
        claim, kept, (config, complete) = replies[:3]
        counted, *held = replies[-1]
        entities, added, met = {}, {}, {}
        for touch, traces, fields in zip(sighting.touches, counted, held, strict=True):
            added[touch.role] = traces & 1 == 1
            if traces > 1:
                met[touch.role] = tuple(peer for n, peer in enumerate(touch.peers, 1) if traces >> n & 1)
            entities[touch.role] = unpack_entity(touch.role, fields, sighting.at_ms)
        word: Claim = claim.decode()
        if kept is not None and kept[:16] != sighting.body_hash:
            word = "conflict"
        return Seen(word, kept and kept[16:], entities, added, met, int(config or 0), complete is not None)

    def _commit(
        self, sighting: Sighting, answer: bytes, entry: bytes, settled: Settlement
    ) -> tuple[bytes, int]:
        account = sighting.touches[0].key
        keys = [entity_key("account", account), answer_key(account, sighting.event_key), journal_key(account)]
        if settled.rebuilding:
            keys.append(turned_key(account, sighting.event_key))
        packed = script(
            "commit", keys, sighting.body_hash, answer, entry, sighting.at_ms, sighting.fingerprint,
            b"" if settled.burned is None else settled.burned, EXACT_BURNS, b"1" if settled.unless_locked else b"",
            *_totals(settled),
        )  # fmt: skip
        for owner, peer, probability in settled.links:
            packed += script("link", [entity_key("account", owner)], peer, probability)
        return packed, 1 + len(settled.links)
