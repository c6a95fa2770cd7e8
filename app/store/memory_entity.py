"""One entity of the hot store in plain Python: its series, peers, facts, totals and links, changed in place.

Instants lie in arrays, so that years of millions of members fit into memory; what is read of an entity are the
very arrays it keeps, good until the next move, or copies of them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from struct import Struct
from typing import Final

from app.ports.journal import Effect
from app.ports.sighting import PeerSeen, Sighting
from detectors.snapshot import (
    DAY_S,
    EXACT_BURNS,
    HOUR_S,
    Cell,
    Entity,
    Fact,
    Link,
    Lock,
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
NEVER_MS: Final = 2**62
_SINGLE: Final = Struct("<f")
_UNKNOWN: Final = Traits()


class Counted:
    """
    The events of one kind, in order of instant, then mark; older ones in cells.

    live: what is read of it: the arrays themselves.
    """

    __slots__ = ("_cells", "_due_ms", "_instants", "_marks", "_points", "live")

    def __init__(self, *, with_points: bool) -> None:
        self._instants = array("q")
        self._marks = array("I")
        self._points = array("i") if with_points else None
        self._cells: list[Cell] = []
        self._due_ms = NEVER_MS
        """From a newest instant beyond this on, an hour belongs to its day, or a day is too old to be kept."""
        self.live = Series(self._instants, () if self._points is None else self._points, self._cells)

    def __bool__(self) -> bool:
        """Whether anything is left of it."""
        return bool(self._instants or self._cells)

    def copy(self) -> Series:
        """As it is now."""
        points = () if self._points is None else self._points.tolist()
        return Series(self._instants.tolist(), points, tuple(self._cells))

    def insert(self, at: int, mark: int, points: int, keep: int) -> bool | None:
        """True: counted. False: it was there. None: older than the horizon."""
        instants = self._instants
        if not instants or at > instants[-1]:
            instants.append(at)
            self._marks.append(mark)
            if self._points is not None:
                self._points.append(points)
        else:
            if self.too_old(at):
                return None
            place, there = self._find(at, mark)
            if there:
                return False
            instants.insert(place, at)
            self._marks.insert(place, mark)
            if self._points is not None:
                self._points.insert(place, points)
        newest = instants[-1]
        if instants[0] < newest - HORIZON_MS:
            self._drop(0, bisect_left(instants, newest - HORIZON_MS))
        if len(instants) > keep:
            self._fold(instants[0], 0 if self._points is None else self._points[0], newest)
            self._drop(0, 1)
        return True

    def remove(self, at: int, mark: int, points: int) -> bool:
        """Whether it was there, or is too old for the series to know."""
        place, there = self._find(at, mark)
        if there:
            self._drop(place, place + 1)
            return True
        for width in (HOUR_MS, DAY_MS) if place == 0 else ():
            found = self._cell(at // width * width, width)
            if found is not None:
                cell = self._cells[found]
                if cell.events == 1:
                    del self._cells[found]
                else:
                    self._cells[found] = _grown(cell, -1, -points)
                return True
        return self.too_old(at)

    def too_old(self, at: int) -> bool:
        """Whether it lies so far before the newest that the series does not take it."""
        return bool(self._instants) and at < self._instants[-1] - HORIZON_MS

    def _find(self, at: int, mark: int) -> tuple[int, bool]:
        """Where it stands or belongs, and whether it is there."""
        instants, marks = self._instants, self._marks
        place = bisect_left(instants, at)
        while place < len(instants) and instants[place] == at and marks[place] < mark:
            place += 1
        return place, place < len(instants) and instants[place] == at and marks[place] == mark

    def _drop(self, start: int, stop: int) -> None:
        del self._instants[start:stop], self._marks[start:stop]
        if self._points is not None:
            del self._points[start:stop]

    def _fold(self, at: int, points: int, newest: int) -> None:
        if newest > self._due_ms:
            cells = self._cells[:]
            self._cells.clear()
            self._due_ms = NEVER_MS
            for cell in cells:
                hourly = cell.width_ms == HOUR_MS and cell.start_ms >= newest - HOURLY_MS
                self._add(cell.start_ms, cell.events, cell.points, newest, hourly=hourly)
        start = at // HOUR_MS * HOUR_MS
        self._add(start, 1, points, newest, hourly=start >= newest - HOURLY_MS)

    def _add(self, start: int, events: int, points: int, newest: int, *, hourly: bool) -> None:
        width, lasts = (HOUR_MS, HOURLY_MS) if hourly else (DAY_MS, HORIZON_MS + DAY_MS)
        start = start // width * width
        if start < newest - HORIZON_MS - DAY_MS:
            return
        found = self._cell(start, width)
        if found is not None:
            self._cells[found] = _grown(self._cells[found], events, points)
            return
        self._cells.append(_grown(Cell(start, width, 0, 0), events, points))
        self._cells.sort(key=_by_start_widest_first)
        self._due_ms = min(self._due_ms, start + lasts)

    def _cell(self, start: int, width: int) -> int | None:
        cells = self._cells
        for index in range(len(cells) - 1, -1, -1):  # it is nearly always the newest
            if cells[index].start_ms == start and cells[index].width_ms == width:
                return index
        return None


def _grown(cell: Cell, events: int, points: int) -> Cell:
    most = max(-MOST_POINTS, min(cell.points + points, MOST_POINTS))
    return Cell(cell.start_ms, cell.width_ms, min(cell.events + events, MOST_EVENTS), most)


def _by_start_widest_first(cell: Cell) -> tuple[int, int]:
    return cell.start_ms, -cell.width_ms


class Kept:
    """
    An entity as it is kept.

    first_ms, last_ms: of accounts, the first and last event that was decided.
    expires_ms:        when the hot store would forget it, if nothing more happened.
    """

    __slots__ = (
        "_series", "expires_ms", "facts", "first_ms", "is_account", "last_ms", "links", "live", "lock", "lock_version",
        "peers", "totals",
    )  # fmt: skip

    def __init__(self, *, is_account: bool) -> None:
        self.is_account = is_account
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        self.expires_ms = NEVER_MS
        self._series: dict[str, Counted] = {}
        self.live: dict[str, Series] = {}
        self.totals: dict[str, int] = {}
        self.peers: dict[str, list[Peer]] = {}
        self.facts: dict[str, Fact] = {}
        self.links: list[Link] = []
        self.lock: Lock | None = None
        self.lock_version = 0

    def count(self, kind: str, at: int, mark: bytes, points: int | None, keep: int) -> bool | None:
        """As `Counted.insert`. `points`: None where the entity counts events only."""
        series = self._series.get(kind)
        if series is None:
            series = self._series[kind] = Counted(with_points=points is not None)
            self.live[kind] = series.live
        return series.insert(at, int.from_bytes(mark), points or 0, keep)

    def take_back(self, kind: str, at: int, mark: bytes, points: int) -> bool:
        """As `Counted.remove`."""
        series = self._series.get(kind)
        if series is None:
            return False
        found = series.remove(at, int.from_bytes(mark), points)
        if not series:
            del self._series[kind], self.live[kind]
        return found

    def meet(self, seen: PeerSeen, at_ms: int) -> bool:
        """Note a peer; whether it was met for the first time."""
        now, key = at_ms // 1_000 * 1_000, seen.key.hex()
        peers = self.peers.get(seen.role)
        if peers is None:
            peers = self.peers[seen.role] = []
        traits = seen.traits if seen.role == "account" else _UNKNOWN
        for place, known in enumerate(peers):
            if known.key == key:
                told = traits if traits != _UNKNOWN else known.traits
                peers[place] = Peer(key, min(known.first_seen_ms, now), max(known.last_seen_ms, now), told)
                return False
        if len(peers) >= PEERS_KEPT:
            oldest = min(peers, key=_last_seen)
            if now < oldest.last_seen_ms:
                return False
            peers.remove(oldest)
        peers.append(Peer(key, now, now, traits))
        return True

    def unmeet(self, seen: PeerSeen) -> None:
        """Forget a peer."""
        key = seen.key.hex()
        left = [peer for peer in self.peers.get(seen.role, ()) if peer.key != key]
        if left:
            self.peers[seen.role] = left
        else:
            self.peers.pop(seen.role, None)

    def learn(self, name: str, value: bytes, at_ms: int) -> None:
        """Note the value of something that changes."""
        known = self.facts.get(name)
        if known is None:
            self.facts[name] = Fact(value, at_ms, None)
        elif value == known.value:
            return
        elif at_ms >= known.since_ms:
            self.facts[name] = Fact(value, at_ms, at_ms)
        elif known.changed_ms is None:  # one that comes late: there was another value before after all
            self.facts[name] = Fact(known.value, known.since_ms, known.since_ms)

    def link(self, peer: str, probability: float) -> None:
        """Remember another account; the most probable stay."""
        single = _SINGLE.unpack(_SINGLE.pack(probability))[0]  # the hot store keeps four bytes of it
        links = [link for link in self.links if link.key != peer] + [Link(peer, single)]
        self.links = sorted(links, key=lambda link: (-link.probability, link.key))[:LINKS_KEPT]

    def decided(self, at_ms: int) -> None:
        """An event of this account was decided."""
        self.first_ms = at_ms if self.first_ms is None else min(self.first_ms, at_ms)
        self.last_ms = at_ms if self.last_ms is None else max(self.last_ms, at_ms)

    def add(self, kind: str, points: int) -> None:
        """Points for good."""
        self.totals[kind] = self.totals.get(kind, 0) + points

    def turn(self, effect: Effect, sighting: Sighting, points: int) -> None:
        """Points totalled or not; points burned or given back, unless the series says that they are already."""
        word, _, kind = effect.partition(" ")
        at, mark = sighting.at_ms, sighting.fingerprint
        if kind:
            self.add(kind, points if word == "settle" else -points)
        elif effect == "burn" and self.count("burn", at, mark, points, EXACT_BURNS) is not False:
            self.add("burn", points)
        elif effect == "unburn" and self.take_back("burn", at, mark, points):
            self.add("burn", -points)

    def as_of(self, at_ms: int) -> Entity:
        """What is read of it at an event of this instant, good until the next move."""
        first, last = self._seen(at_ms)
        return Entity(first, last, self.live, self.totals, self.peers, self.facts, self.links, self.lock)

    def copy_as_of(self, at_ms: int) -> Entity:
        """The same for good."""
        first, last = self._seen(at_ms)
        return Entity(
            first,
            last,
            {kind: series.copy() for kind, series in self._series.items()},
            dict(self.totals),
            {role: list(peers) for role, peers in self.peers.items()},
            dict(self.facts),
            list(self.links),
            self.lock,
        )

    def _seen(self, at_ms: int) -> tuple[int, int]:
        if not self.is_account:
            return 0, 0
        first, last = self.first_ms, self.last_ms
        return (
            at_ms if first is None or first > at_ms else first,
            at_ms if last is None or last < at_ms else last,
        )


def _last_seen(peer: Peer) -> int:
    return peer.last_seen_ms
