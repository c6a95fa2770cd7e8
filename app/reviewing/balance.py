"""An account's points over time: as its events told them, and reckoned on between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

MOVES_SHOWN: Final = 400
"""The latest: a year of a busy member, and 5 ms to open. Older ones are left out, and said to be."""
SIGNS: Final = {
    "earn": 1,
    "purchase": 1,
    "adjust": 1,
    "redeem": -1,
    "transfer": -1,
    "return": -1,
    "expire": -1,
}
"""What an event of a kind adds for each of its points. What others transfer to an account is not among its own events."""


class Moved(NamedTuple):
    """
    An event that moves points.

    counts: its points really moved: allowed, and not taken back since; or told as completed.
    before: the balance the caller told with it, points.
    """

    at_ms: int
    decision_id: str
    type: str
    points: int
    counts: bool
    before: int | None


class Balance(NamedTuple):
    """
    Points after an event.

    estimated: no balance was told with it; reckoned on from the event before, or from 0 at the first.
    """

    at_ms: int
    decision_id: str
    points: int
    estimated: bool


class Moves(Protocol):
    """Where an account's points moved."""

    def moved(self, program_id: str, account_id: str, limit: int) -> Sequence[Moved]:
        """The latest so many events that move points, oldest first. Raises RecordAway."""
        ...


def balances(moved: Iterable[Moved]) -> list[Balance]:
    """
    The balance after each event, oldest first.

    A balance that was told corrects whatever was reckoned before it. Transfers received and anything else that was never
    sent are missing until the next one is told, which is why what is reckoned is marked as estimated.
    """
    found: list[Balance] = []
    points = 0
    for one in moved:
        points = points if one.before is None else one.before
        if one.counts:
            points += SIGNS[one.type] * one.points
        found.append(Balance(one.at_ms, one.decision_id, points, one.before is None))
    return found
