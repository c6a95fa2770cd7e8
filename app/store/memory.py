"""The reference semantics of the hot store, in plain Python: what the Lua does, said once more to be checked
against, and the private state on which history is replayed. One process, no journal but a list.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.ports import Claim, Effect, Outcome, PeerSeen, Seen, Settlement, Sighting, Touch
from app.store.packing import ROLES, entity_key, partition
from detectors.snapshot import (
    DAY_S,
    EXACT_BURNS,
    EXACT_INSTANTS,
    EXACT_INSTANTS_SHARED,
    HOUR_S,
    POINTED,
    Cell,
    Entity,
    Fact,
    Link,
    Peer,
    Series,
    Traits,
)

HOUR_MS: Final = HOUR_S * 1_000
DAY_MS: Final = DAY_S * 1_000
HORIZON_MS: Final = 31 * DAY_MS
HOURLY_MS: Final = 25 * HOUR_MS
PEERS_KEPT: Final = 32
LINKS_KEPT: Final = 8
MOST_EVENTS: Final = 65_535
MOST_POINTS: Final = 2_147_483_647
"""Where a cell's sums stop: two bytes and four of them."""


@dataclass(slots=True)
class _Series:
    """Exact entries (ms, mark, points) in order, and cells (start ms, width ms) → [events, points]."""

    exact: list[tuple[int, bytes, int]] = field(default_factory=list)
    cells: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def insert(self, at: int, mark: bytes, points: int, keep: int) -> bool | None:
        """True: counted. False: it was there. None: older than the horizon."""
        if self.too_old(at):
            return None
        place = bisect_left(self.exact, (at, mark))
        if place < len(self.exact) and self.exact[place][:2] == (at, mark):
            return False
        insort(self.exact, (at, mark, points))
        newest = self.exact[-1][0]
        while self.exact[0][0] < newest - HORIZON_MS:
            del self.exact[0]
        if len(self.exact) > keep:
            oldest, _, its = self.exact.pop(0)
            self._fold(oldest, its, newest)
        return True

    def too_old(self, at: int) -> bool:
        return bool(self.exact) and at < self.exact[-1][0] - HORIZON_MS

    def remove(self, at: int, mark: bytes, points: int) -> bool:
        """Whether it was there, or is too old for the series to know."""
        place = bisect_left(self.exact, (at, mark))
        if place < len(self.exact) and self.exact[place][:2] == (at, mark):
            del self.exact[place]
            return True
        for width in (HOUR_MS, DAY_MS) if place == 0 else ():
            where = (at // width * width, width)
            if where in self.cells:
                self._add(where, -1, -points)
                if self.cells[where][0] == 0:
                    del self.cells[where]
                return True
        return self.too_old(at)

    def _fold(self, at: int, points: int, newest: int) -> None:
        width = DAY_MS if at < newest - HOURLY_MS else HOUR_MS
        cell = (at // width * width, width)
        old, self.cells = self.cells, {}
        for (start, its_width), (events, its_points) in [*old.items(), (cell, [1, points])]:
            whole = its_width == DAY_MS or start < newest - HOURLY_MS
            where = (start // DAY_MS * DAY_MS, DAY_MS) if whole else (start, HOUR_MS)
            if where[0] >= newest - HORIZON_MS - DAY_MS:
                self._add(where, events, its_points)

    def _add(self, cell: tuple[int, int], events: int, points: int) -> None:
        sums = self.cells.setdefault(cell, [0, 0])
        sums[0] = min(sums[0] + events, MOST_EVENTS)
        sums[1] = max(-MOST_POINTS, min(sums[1] + points, MOST_POINTS))

    def frozen(self, *, with_points: bool) -> Series:
        cells = sorted(self.cells.items(), key=lambda item: (item[0][0], -item[0][1]))
        return Series(
            [entry[0] for entry in self.exact],
            [entry[2] for entry in self.exact] if with_points else (),
            tuple(Cell(start, width, sums[0], sums[1]) for (start, width), sums in cells),
        )


@dataclass(slots=True)
class _Entity:
    first_ms: int | None = None
    last_ms: int | None = None
    series: dict[str, _Series] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    peers: dict[str, dict[str, Peer]] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)

    def meet(self, seen: PeerSeen, at_ms: int) -> bool:
        """Note a peer; whether it was met for the first time."""
        now, key = at_ms // 1_000 * 1_000, seen.key.hex()
        peers = self.peers.setdefault(seen.role, {})
        known = peers.get(key)
        traits = seen.traits if seen.role == "account" else Traits()
        if known:
            told = traits if any(traits) else known.traits
            peers[key] = Peer(key, min(known.first_seen_ms, now), max(known.last_seen_ms, now), told)
            return False
        if len(peers) >= PEERS_KEPT:
            oldest = min(peers.values(), key=lambda peer: peer.last_seen_ms)
            if now < oldest.last_seen_ms:
                return False
            del peers[oldest.key]
        peers[key] = Peer(key, now, now, traits)
        return True

    def learn(self, name: str, value: bytes, at_ms: int) -> None:
        known = self.facts.get(name)
        if known is None:
            self.facts[name] = Fact(value, at_ms, None)
        elif value == known.value:
            return
        elif at_ms >= known.since_ms:
            self.facts[name] = Fact(value, at_ms, at_ms)
        elif known.changed_ms is None:  # one that comes late: there was another value before after all
            self.facts[name] = Fact(known.value, known.since_ms, known.since_ms)

    def turn(self, effect: Effect, sighting: Sighting, points: int) -> None:
        """Points totalled or not; points burned or given back, unless the series says that they are already."""
        word, _, kind = effect.partition(" ")
        if kind:
            self.totals[kind] = self.totals.get(kind, 0) + (points if word == "settle" else -points)
            return
        burns, at = self.series.setdefault("burn", _Series()), sighting.at_ms
        if effect == "burn" and burns.insert(at, sighting.fingerprint, points, EXACT_BURNS) is not False:
            self.totals["burn"] = self.totals.get("burn", 0) + points
        elif effect == "unburn" and burns.remove(at, sighting.fingerprint, points):
            self.totals["burn"] = self.totals.get("burn", 0) - points

    def frozen(self, at_ms: int, *, with_points: bool) -> Entity:
        first, last = self.first_ms, self.last_ms
        return Entity(
            min(at_ms if first is None else first, at_ms) if with_points else 0,
            max(at_ms if last is None else last, at_ms) if with_points else 0,
            {
                kind: series.frozen(with_points=with_points and kind in POINTED)
                for kind, series in self.series.items()
                if series.exact or series.cells
            },
            dict(self.totals),
            {role: list(peers.values()) for role, peers in self.peers.items() if peers},
            dict(self.facts),
            list(self.links),
        )


class MemoryHistory:
    """`app.ports.History` in one process, with the same answers as Valkey's."""

    def __init__(self) -> None:
        self.journal: list[bytes] = []
        self.config = 0
        self._entities: dict[bytes, _Entity] = {}
        self._claims: dict[bytes, bytes] = {}
        self._answers: dict[tuple[bytes, bytes], tuple[bytes, bytes]] = {}
        self._outcomes: dict[bytes, Outcome] = {}

    async def observe(self, sighting: Sighting) -> Seen:
        """See `History.observe`."""
        word = await self.claim(sighting)
        account = sighting.touches[0].key
        kept = self._answers.get((partition(account), sighting.event_key))
        if kept and kept[0] != sighting.body_hash:
            word = "conflict"
        traces = {touch.role: self._count(touch, sighting) for touch in sighting.touches}
        entities = {
            touch.role: self._entities[entity_key(touch.role, touch.key)].frozen(
                sighting.at_ms, with_points=touch.role in {"account", "counterparty"}
            )
            for touch in sighting.touches
        }
        added = {role: counted for role, (counted, _) in traces.items()}
        met = {role: peers for role, (_, peers) in traces.items() if peers}
        return Seen(word, kept and kept[1], entities, added, met, self.config, complete=True)

    def count(self, sighting: Sighting) -> Mapping[str, Entity]:
        """What `observe` counts and reads, without a claim: for a replay, which meets every event once."""
        for touch in sighting.touches:
            self._count(touch, sighting)
        return {
            touch.role: self._entities[entity_key(touch.role, touch.key)].frozen(
                sighting.at_ms, with_points=touch.role in {"account", "counterparty"}
            )
            for touch in sighting.touches
        }

    def settle(self, sighting: Sighting, settled: Settlement) -> None:
        """What `commit` settles, without an answer."""
        account = sighting.touches[0].key
        for owner, peer, probability in settled.links:
            self._link(owner, peer.hex(), probability)
        entity = self._entities.setdefault(entity_key("account", account), _Entity())
        entity.first_ms = min(sighting.at_ms if entity.first_ms is None else entity.first_ms, sighting.at_ms)
        entity.last_ms = max(sighting.at_ms if entity.last_ms is None else entity.last_ms, sighting.at_ms)
        if settled.burned is not None:
            entity.turn("burn", sighting, settled.burned)
        for kind, points in settled.totals.items():
            entity.totals[kind] = entity.totals.get(kind, 0) + points

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
        account = sighting.touches[0].key
        for owner, peer, probability in settled.links:
            self._link(owner, peer.hex(), probability)
        kept = self._answers.get((partition(account), sighting.event_key))
        if kept:
            return kept[1]
        self._answers[partition(account), sighting.event_key] = (sighting.body_hash, answer)
        self.journal.append(entry)
        entity = self._entities.setdefault(entity_key("account", account), _Entity())
        entity.first_ms = min(sighting.at_ms if entity.first_ms is None else entity.first_ms, sighting.at_ms)
        entity.last_ms = max(sighting.at_ms if entity.last_ms is None else entity.last_ms, sighting.at_ms)
        if settled.burned is not None:
            entity.turn("burn", sighting, settled.burned)
        for kind, points in settled.totals.items():
            entity.totals[kind] = entity.totals.get(kind, 0) + points
        return answer

    async def commit_many(self, decided: Sequence[tuple[Sighting, bytes, bytes, Settlement]]) -> list[bytes]:
        """Commit in order."""
        return [await self.commit(*one) for one in decided]

    async def retract(self, sighting: Sighting, seen: Seen) -> None:
        """See `History.retract`."""
        for touch in sighting.touches:
            entity = self._entities[entity_key(touch.role, touch.key)]
            for peer in seen.met.get(touch.role, ()):
                entity.peers[peer.role].pop(peer.key.hex(), None)
            if seen.added.get(touch.role):
                entity.series[touch.kind].remove(sighting.at_ms, sighting.fingerprint, touch.points or 0)

    async def tell_outcome(
        self,
        sighting: Sighting,
        outcome: Outcome,
        known: Outcome | None,
        entry: bytes,
        points: int,
        effect: Effect,
        told_ms: int = 0,  # noqa: ARG002 - for rebuilds, which this one has none of
    ) -> Outcome | None:
        """See `History.tell_outcome`."""
        last = self._outcomes.get(sighting.event_key)
        if last is not None and last != known:
            return last
        self._outcomes[sighting.event_key] = outcome
        self.journal.append(entry)
        entity = self._entities.setdefault(entity_key("account", sighting.touches[0].key), _Entity())
        entity.turn(effect, sighting, points)
        return None

    async def stored_answer(self, account_key: bytes, event_key: bytes) -> bytes | None:
        """The answer given to an event."""
        kept = self._answers.get((partition(account_key), event_key))
        return kept and kept[1]

    async def bump_config(self) -> None:
        """Lists or policies changed."""
        self.config += 1

    def _count(self, touch: Touch, sighting: Sighting) -> tuple[bool, tuple[PeerSeen, ...]]:
        entity = self._entities.setdefault(entity_key(touch.role, touch.key), _Entity())
        added = False
        if touch.kind:
            keep = EXACT_INSTANTS if ROLES[touch.role] == b"a" else EXACT_INSTANTS_SHARED
            series = entity.series.setdefault(touch.kind, _Series())
            added = series.insert(sighting.at_ms, sighting.fingerprint, touch.points or 0, keep) is True
        met = tuple(peer for peer in touch.peers if entity.meet(peer, sighting.at_ms))
        for name, value in touch.facts:
            entity.learn(name, value, sighting.at_ms)
        return added, met

    def _link(self, owner: bytes, peer: str, probability: float) -> None:
        entity = self._entities.setdefault(entity_key("account", owner), _Entity())
        links = [link for link in entity.links if link.key != peer] + [Link(peer, probability)]
        entity.links = sorted(links, key=lambda link: (-link.probability, link.key))[:LINKS_KEPT]
