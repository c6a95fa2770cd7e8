"""The reference semantics of the hot store, in plain Python: what the Lua does, said once more to be checked
against, and the private state on which history is replayed. One process, no journal but a list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from app.ports.history import LOCKED_MEANWHILE, Settlement
from app.ports.journal import Effect, Outcome, Pass, Standing
from app.ports.sighting import Claim, PeerSeen, Seen, Sighting, Touch
from app.store.memory_caps import MemoryReservations
from app.store.memory_entity import DAY_MS, Kept
from app.store.packing import ROLES, partition
from app.store.valkey import ACCOUNT_TTL_MS, KEPT
from detectors.snapshot import Entity, Lock

GOING_OUT: Final = frozenset({"burn", "settle transfer", "settle purchase"})
"""Effects that a lock stops (pass.lua)."""
SWEPT_EVERY: Final = 65_536
"""New entities after which the expired ones are looked for, or a quarter of those held: a few seconds a million."""


class MemoryHistory(MemoryReservations):
    """`app.ports.history.History` in one process, with the same answers as Valkey's."""

    def __init__(self) -> None:
        MemoryReservations.__init__(self)
        self.journal: list[bytes] = []
        self.config = 0
        self._entities: dict[bytes, Kept] = {}
        self._claims: dict[bytes, bytes] = {}
        self._answers: dict[tuple[bytes, bytes], tuple[bytes, bytes]] = {}
        self._outcomes: dict[bytes, Outcome] = {}
        self._passed: set[bytes] = set()
        self._ended: set[bytes] = set()
        self._sweep_at = SWEPT_EVERY

    async def observe(self, sighting: Sighting) -> Seen:
        """See `History.observe`."""
        word = await self.claim(sighting)
        account = sighting.touches[0].key
        kept = self._answers.get((partition(account), sighting.event_key))
        if kept and kept[0] != sighting.body_hash:
            word = "conflict"
        traces = {touch.role: self._count(touch, sighting) for touch in sighting.touches}
        entities = {
            touch.role: self._entity(touch.role, touch.key).copy_as_of(sighting.at_ms)
            for touch in sighting.touches
        }
        added = {role: counted for role, (counted, _) in traces.items()}
        met = {role: peers for role, (_, peers) in traces.items() if peers}
        return Seen(word, kept and kept[1], entities, added, met, self.config, complete=True)

    def count(self, sighting: Sighting) -> Mapping[str, Entity]:
        """
        What `observe` counts and reads, for a replay: every event is met once and in order, and its instant is
        the present, so that what the hot store would have forgotten by then is forgotten.

        The entities are those kept, not copies: good until the next move.
        """
        at_ms = sighting.at_ms
        if len(self._entities) > self._sweep_at:
            self.forget(at_ms)
        touched = {}
        for touch in sighting.touches:
            entity = self._present(touch.role, touch.key, at_ms)
            self._take(entity, touch, sighting)
            ttl_ms = KEPT[touch.role][1]
            if (
                not 0 <= entity.expires_ms - at_ms - ttl_ms + DAY_MS <= DAY_MS
            ):  # put off once a day (entity.lua)
                entity.expires_ms = at_ms + ttl_ms
            touched[touch.role] = entity
        return {role: entity.as_of(at_ms) for role, entity in touched.items()}

    def settle(self, sighting: Sighting, settled: Settlement) -> None:
        """What `commit` settles, without an answer, for a replay."""
        for owner, _, _ in settled.links:
            entity = self._present("account", owner, sighting.at_ms)
            entity.expires_ms = min(entity.expires_ms, sighting.at_ms + ACCOUNT_TTL_MS)
        self._link(settled)
        self._settle(sighting, settled)

    def forget(self, now_ms: int) -> None:
        """Let go of what the hot store would have let expire."""
        self._entities = {key: one for key, one in self._entities.items() if one.expires_ms > now_ms}
        self._sweep_at = max(len(self._entities) * 5 // 4, len(self._entities) + SWEPT_EVERY)

    async def observe_many(self, sightings: Sequence[Sighting]) -> list[Seen]:
        """Count many in order."""
        return [await self.observe(sighting) for sighting in sightings]

    async def claim(self, sighting: Sighting) -> Claim:
        """Claim the event id for this body."""
        kept = self._claims.get(sighting.event_key)
        if kept is None:
            self._claims[sighting.event_key] = sighting.body_hash
            return "new"
        return "pending" if kept == sighting.body_hash else "conflict"

    async def settle_claim(self, sighting: Sighting, body_hash: bytes) -> None:
        """The record holds another body under this id."""
        self._claims[sighting.event_key] = body_hash

    async def commit(self, sighting: Sighting, answer: bytes, entry: bytes, settled: Settlement) -> bytes:
        """See `History.commit`."""
        where = (partition(sighting.touches[0].key), sighting.event_key)
        kept = self._answers.get(where)
        self._link(settled)
        if kept:
            return kept[1]
        if settled.unless_locked and self._is_locked(sighting):
            return LOCKED_MEANWHILE
        self._answers[where] = (sighting.body_hash, answer)
        self.journal.append(entry)
        self._settle(sighting, settled)
        return answer

    async def commit_many(self, decided: Sequence[tuple[Sighting, bytes, bytes, Settlement]]) -> list[bytes]:
        """Commit in order."""
        return [await self.commit(*one) for one in decided]

    async def retract(self, sighting: Sighting, seen: Seen) -> None:
        """See `History.retract`."""
        for touch in sighting.touches:
            entity = self._entity(touch.role, touch.key)
            for peer in seen.met.get(touch.role, ()):
                entity.unmeet(peer)
            if seen.added.get(touch.role):
                entity.take_back(touch.kind, sighting.at_ms, sighting.fingerprint, touch.points or 0)

    async def tell_outcome(
        self,
        sighting: Sighting,
        outcome: Outcome,
        known: Outcome | None,
        entry: bytes,
        points: int,
        effect: Effect,
        told_ms: int = 0,  # noqa: ARG002 - for rebuilds, which this one has none of
        *,
        known_passed: bool = False,
    ) -> Standing | None:
        """See `History.tell_outcome`."""
        last = self._outcomes.get(sighting.event_key)
        if last is not None and last != known:
            return last
        if not known_passed and sighting.event_key in self._passed:
            return "passed"
        self._outcomes[sighting.event_key] = outcome
        self.journal.append(entry)
        self._entity("account", sighting.touches[0].key).turn(effect, sighting, points)
        return None

    async def pass_step_up(
        self,
        sighting: Sighting,
        known: Outcome | None,
        entry: bytes,
        points: int,
        effect: Effect,
        passed_ms: int,  # noqa: ARG002 - for rebuilds, which this one has none of
    ) -> Pass | None:
        """See `History.pass_step_up`."""
        if sighting.event_key in self._passed:
            return "passed"
        if effect in GOING_OUT and self._is_locked(sighting):
            return "locked"
        last = self._outcomes.get(sighting.event_key)
        if last is not None and last != known:
            return last
        self._passed.add(sighting.event_key)
        self.journal.append(entry)
        self._entity("account", sighting.touches[0].key).turn(effect, sighting, points)
        return None

    async def end_hold(
        self,
        sighting: Sighting,
        entry: bytes,
        points: int,
        effect: Effect,
        ended_ms: int,  # noqa: ARG002 - for rebuilds, which this one has none of
        *,
        released: bool,
    ) -> Outcome | Literal["ended", "locked"] | None:
        """See `History.end_hold`."""
        if sighting.event_key in self._ended:
            return "ended"
        told = self._outcomes.get(sighting.event_key)
        if told is not None:
            return told
        if effect in GOING_OUT and self._is_locked(sighting):
            return "locked"
        self._ended.add(sighting.event_key)
        if released:
            self._passed.add(sighting.event_key)
        self.journal.append(entry)
        self._entity("account", sighting.touches[0].key).turn(effect, sighting, points)
        return None

    async def lock(self, account_key: bytes, version: int, lock: Lock | None) -> None:
        """See `History.lock`."""
        entity = self._entity("account", account_key)
        if version >= entity.lock_version:
            entity.lock_version, entity.lock = version, lock

    def _is_locked(self, sighting: Sighting) -> bool:
        return self._entity("account", sighting.touches[0].key).lock is not None

    async def stored_answer(self, account_key: bytes, event_key: bytes) -> bytes | None:
        """The answer given to an event."""
        kept = self._answers.get((partition(account_key), event_key))
        return kept and kept[1]

    def _entity(self, role: str, key: bytes) -> Kept:
        letter = ROLES[role]
        entity = self._entities.get(letter + key)
        if entity is None:
            entity = self._entities[letter + key] = Kept(is_account=letter == ROLES["account"])
        return entity

    def _present(self, role: str, key: bytes, now_ms: int) -> Kept:
        """The same, made anew where the hot store would have forgotten it by now."""
        entity = self._entity(role, key)
        if entity.expires_ms > now_ms:
            return entity
        del self._entities[ROLES[role] + key]
        return self._entity(role, key)

    def _count(self, touch: Touch, sighting: Sighting) -> tuple[bool, tuple[PeerSeen, ...]]:
        return self._take(self._entity(touch.role, touch.key), touch, sighting)

    @staticmethod
    def _take(entity: Kept, touch: Touch, sighting: Sighting) -> tuple[bool, tuple[PeerSeen, ...]]:
        at_ms = sighting.at_ms
        added = touch.kind != "" and entity.count(
            touch.kind, at_ms, sighting.fingerprint, touch.points, KEPT[touch.role][0]
        )
        met = tuple([peer for peer in touch.peers if entity.meet(peer, at_ms)])
        for name, value in touch.facts:
            entity.learn(name, value, at_ms)
        return added is True, met

    def _link(self, settled: Settlement) -> None:
        for owner, peer, probability in settled.links:
            self._entity("account", owner).link(peer.hex(), probability)

    def _settle(self, sighting: Sighting, settled: Settlement) -> None:
        entity = self._entity("account", sighting.touches[0].key)
        entity.decided(sighting.at_ms)
        if settled.burned is not None:
            entity.turn("burn", sighting, settled.burned)
        for kind, points in settled.totals.items():
            entity.add(kind, points)
