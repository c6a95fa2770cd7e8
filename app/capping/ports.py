"""Reservations as values, and where they are kept. Instants are milliseconds since 1970-01-01 UTC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

NEVER_MS: Final = 0
"""In the place of an instant: a reservation that does not lapse."""


class Part(NamedTuple):
    """
    What an event asks of one cap.

    key:       16 bytes of keyed hash: the cap, whose it is, and the day. All that was let through for it is there.
    amount:    events, points or minor units; above 0.
    most:      the last sum still within the cap.
    window_ms: of a rolling window; 0: everything at the key counts.
    ttl_ms:    how long the key is kept after the last reservation.
    hard:      the event is refused where there is no room, so that it reserves nowhere.
    """

    key: bytes
    amount: int
    most: int
    window_ms: int
    ttl_ms: int
    hard: bool


class Wanted(NamedTuple):
    """What an event asks of every cap it is held against. `mark`: 8 bytes of its key, by which it is recognised."""

    mark: bytes
    at_ms: int
    parts: tuple[Part, ...]


class Room(NamedTuple):
    """What others have reserved of a cap, and whether this event fits beside them."""

    used: int
    fits: bool


class Move(NamedTuple):
    """
    A reservation kept until it lapses, or given back for good. In any order and however often, it comes to the same:
    the longest life counts, and what was given back stays so.

    until_ms: when it lapses (NEVER_MS: never); of one given back, how long that is remembered.
    """

    word: Literal["keep", "release"]
    key: bytes
    mark: bytes
    at_ms: int
    amount: int
    until_ms: int
    ttl_ms: int


class Reserves(Protocol):
    """Where reservations are kept. Every call raises HotStoreAway."""

    async def reserve_many(self, wanted: Sequence[Wanted], now_ms: int) -> list[tuple[Room, ...]]:
        """
        Reserve in order, each event at all its caps in one step; still one round trip. Where it fits nowhere that is
        hard it reserves nothing; otherwise wherever it fits, for as long as a decision may take to be journalled.
        """
        ...

    async def hold(self, moves: Sequence[Move]) -> None:
        """Keep or give back reservations, as journalled."""
        ...
