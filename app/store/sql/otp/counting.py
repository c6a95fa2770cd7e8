"""Counting over a day in slots of an hour: never more than the limit in any 24 hours, at most an hour too careful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from app.seal import place
from app.store.sql.moves import Moves

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tokens.challenges import Subject

What = Literal["account", "recipient", "programme"]

SLOT_MS: Final = 3_600_000
"""An hour: 25 small rows sum up a day, and a count lives an hour longer than it has to."""
DAY_MS: Final = 24 * SLOT_MS
MOVES: Final = Moves("app.store.sql.otp", "moves")


def seconds(ms: int) -> int:
    """Whole seconds until then, rounded up: who comes back after them is not early. At least one."""
    return max(1, -(-ms // 1_000))


def of_account(subject: Subject) -> bytes:
    """Whom the tries of a subject's account are counted for."""
    return place(subject.program_id, subject.account_id)


def of_client(subject: Subject, client: bytes) -> bytes:
    """Whom the fails of a client at one subject are counted for."""
    return place(subject.kind, subject.hash.hex(), client.hex())


def hold(connection: Connection, what: str, whom: bytes, now_ms: int) -> None:
    """Take the lock of everything counted so until the transaction ends."""
    MOVES(connection, "hold", what=what, whom=whom, until_ms=now_ms + SLOT_MS + DAY_MS)


def count_in_day(connection: Connection, what: What, whom: bytes, most: int, now_ms: int) -> int | None:
    """
    Count one more, at most `most` in any 24 h. None where it is counted; else the seconds until there is room.

    A slot counts as long as any instant of it may lie within the day; those of a clock that is ahead count too.
    """
    hold(connection, what, whom, now_ms)
    rows = MOVES(connection, "slots", what=what, whom=whom, first=max(0, (now_ms - DAY_MS) // SLOT_MS))
    slots = [(row.slot, row.counted) for row in rows]
    excess = sum(counted for _, counted in slots) + 1 - most
    if excess > 0:
        return seconds(_room_ms(slots, excess, now_ms) - now_ms)
    slot = now_ms // SLOT_MS
    MOVES(connection, "add_count", what=what, whom=whom, slot=slot, until_ms=_leaves_ms(slot))
    return None


def take_back(connection: Connection, what: What, whom: bytes, counted_ms: int) -> None:
    """Take back what was counted at that instant."""
    MOVES(connection, "uncount", what=what, whom=whom, slot=counted_ms // SLOT_MS)


def _room_ms(slots: list[tuple[int, int]], excess: int, now_ms: int) -> int:
    """When so many of what the slots hold, oldest first, no longer count; a limit of zero leaves no room ever."""
    for slot, counted in slots:
        excess -= counted
        if excess <= 0:
            return _leaves_ms(slot)
    return now_ms + DAY_MS


def _leaves_ms(slot: int) -> int:
    """The first instant at which a slot no longer counts."""
    return (slot + 1) * SLOT_MS + DAY_MS
