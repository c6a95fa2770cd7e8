"""Reservations in the hot store: a cap's key holds what was let through, and lapses by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.capping.ports import Move, Room, Wanted
from app.store.packing import partition
from app.store.pipeline import Pipeline, script

RESERVED: Final = b"q"
LAPSING: Final = b"z"
PROVISIONAL_MS: Final = 60_000
"""A reservation nobody has journalled yet: far longer than a decision takes, and than its retry waits."""


def cap_keys(key: bytes) -> list[bytes]:
    """Where a cap's reservations are, and what lapses of them: in one slot."""
    where = partition(key) + key
    return [RESERVED + where, LAPSING + where]


def is_cap(key: bytes) -> bool:
    """Whether reservations are kept there: the letter, a hash tag, 16 bytes of keyed hash."""
    return key[:2] in {RESERVED + b"{", LAPSING + b"{"} and len(key) == 20  # noqa: PLR2004 - said above


def reserving(wanted: Wanted, now_ms: int) -> bytes:
    """The packed command that reserves an event's parts."""
    keys = [one for part in wanted.parts for one in cap_keys(part.key)]
    words: list[bytes | int] = []
    for part in wanted.parts:
        words += (part.amount, part.most, part.window_ms, part.ttl_ms, b"1" if part.hard else b"")
    return script("reserve", keys, now_ms, wanted.mark, wanted.at_ms, now_ms + PROVISIONAL_MS, *words)


def moving(move: Move) -> bytes:
    """The packed command that keeps or gives back one reservation."""
    keys = cap_keys(move.key)
    if move.word == "keep":
        return script("keep", keys, move.mark, move.amount, move.at_ms, move.until_ms, move.ttl_ms)
    return script("release", keys, move.mark, move.at_ms, move.until_ms, move.ttl_ms)


class ValkeyReservations:
    """
    `app.capping.ports.Reserves`, a part of `ValkeyHistory`.

    Args:
        pipeline: To the hot store.
        reserve_timeout_s: Patience with `reserve_many`, in seconds, where it is to be another than the pipeline's.
    """

    def __init__(self, pipeline: Pipeline, reserve_timeout_s: float | None = None) -> None:
        self._caps, self._reserve_timeout_s = pipeline, reserve_timeout_s

    async def reserve_many(self, wanted: Sequence[Wanted], now_ms: int) -> list[tuple[Room, ...]]:
        """See `Reserves.reserve_many`."""
        packed = b"".join(reserving(one, now_ms) for one in wanted)
        replies = await self._caps.call(packed, len(wanted), timeout_s=self._reserve_timeout_s)
        return [tuple(Room(int(used), bool(fits)) for used, fits in _pairs(reply)) for reply in replies]

    async def hold(self, moves: Sequence[Move]) -> None:
        """See `Reserves.hold`."""
        if moves:
            await self._caps.call(b"".join(map(moving, moves)), len(moves))


def _pairs(reply: Sequence[bytes | int]) -> zip[tuple[bytes | int, bytes | int]]:
    return zip(reply[::2], reply[1::2], strict=True)
