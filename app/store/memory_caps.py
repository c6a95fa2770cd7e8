"""The reference semantics of reservations, in plain Python: what the Lua does, said once more."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final, NamedTuple

from app.capping.ports import Move, Part, Room, Wanted
from app.store.memory_entity import HORIZON_MS
from app.store.valkey_caps import PROVISIONAL_MS

GIVEN_BACK: Final = -1


class _Held(NamedTuple):
    amount: int
    at_ms: int
    until_ms: float


class MemoryReservations:
    """`app.capping.ports.Reserves` in one process. Keys are never forgotten."""

    def __init__(self) -> None:
        self._reserved: dict[bytes, dict[bytes, _Held]] = {}

    async def reserve_many(self, wanted: Sequence[Wanted], now_ms: int) -> list[tuple[Room, ...]]:
        """See `Reserves.reserve_many`."""
        return [self.reserve(one, now_ms) for one in wanted]

    async def hold(self, moves: Sequence[Move]) -> None:
        """See `Reserves.hold`."""
        self.move(moves)

    def reserve(self, wanted: Wanted, now_ms: int) -> tuple[Room, ...]:
        """The same for one event, for a replay."""
        rooms = tuple(self._room(part, wanted, now_ms) for part in wanted.parts)
        refused = any(part.hard and not room.fits for part, room in zip(wanted.parts, rooms, strict=True))
        if not refused:
            for part, room in zip(wanted.parts, rooms, strict=True):
                if room.fits:
                    self._keep(part.key, wanted.mark, part.amount, wanted.at_ms, now_ms + PROVISIONAL_MS)
        return rooms

    def move(self, moves: Sequence[Move]) -> None:
        """What `hold` does, for a replay."""
        for one in moves:
            if one.word == "keep":
                self._keep(one.key, one.mark, one.amount, one.at_ms, one.until_ms or inf)
            else:
                held = self._reserved.setdefault(one.key, {})
                held[one.mark] = _Held(GIVEN_BACK, one.at_ms, one.until_ms)

    def reserved(self, key: bytes, now_ms: int) -> dict[bytes, tuple[int, int, float]]:
        """What counts at a key: mark → amount, at and until when (ms)."""
        held = self._reserved.get(key, {})
        return {mark: one for mark, one in held.items() if one.amount > 0 and one.until_ms > now_ms}

    def _room(self, part: Part, wanted: Wanted, now_ms: int) -> Room:
        held = self._reserved.setdefault(part.key, {})
        for mark in [mark for mark, one in held.items() if one.until_ms <= now_ms]:
            del held[mark]
        used = self._fullest(held, part, wanted) if part.window_ms else self._sum(held, wanted.mark)
        mine = wanted.mark in held and held[wanted.mark].amount > 0
        return Room(used, mine or used + part.amount <= part.most)

    @staticmethod
    def _sum(held: dict[bytes, _Held], own: bytes) -> int:
        return sum(one.amount for mark, one in held.items() if one.amount > 0 and mark != own)

    @staticmethod
    def _fullest(held: dict[bytes, _Held], part: Part, wanted: Wanted) -> int:
        window_ms, at_ms = part.window_ms, wanted.at_ms
        old = [
            mark
            for mark, one in held.items()
            if one.amount > 0 and one.at_ms < at_ms - window_ms - HORIZON_MS
        ]
        for mark in old:
            del held[mark]
        others = [
            one
            for mark, one in held.items()
            if one.amount > 0 and mark != wanted.mark and abs(one.at_ms - at_ms) < window_ms
        ]
        ends = {at_ms, *(one.at_ms for one in others if one.at_ms > at_ms)}
        return max(sum(one.amount for one in others if end - window_ms < one.at_ms <= end) for end in ends)

    def _keep(self, key: bytes, mark: bytes, amount: int, at_ms: int, until_ms: float) -> None:
        held = self._reserved.setdefault(key, {})
        known = held.get(mark)
        if known is None:
            held[mark] = _Held(amount, at_ms, until_ms)
        elif known.amount != GIVEN_BACK:
            held[mark] = _Held(known.amount, at_ms, max(until_ms, known.until_ms))
