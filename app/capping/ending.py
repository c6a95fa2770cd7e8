"""
The end of a hold that nobody decided on: released or handed to a person, as the policy of its decision says.

What is told here is journalled like an outcome: the points of a released hold count as if its event had been allowed,
once, however many workers end it and whoever dies over it. Until the record shows the end, it is told again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from app.capping.reservations import moves
from app.journal import Journal
from app.outcomes import sighting_of
from app.ports.history import History
from app.ports.instants import Clock
from app.ports.journal import HoldEnded
from app.ports.rows import DecisionRow
from app.settlement import passing
from app.sighting import Sighter
from detectors.holds import HoldEnd

AT_ONCE: Final = 200
"""Holds a turn: some 0.2 s of telling."""


class Due(NamedTuple):
    """A decision whose hold is over, and how it was to end."""

    row: DecisionRow
    planned: HoldEnd


class Holds(Protocol):
    """Which holds are over. Synchronous: called in a thread. Raises RecordAway."""

    def due(self, now_ms: int, most: int) -> Sequence[Due]:
        """Holds whose time is over and whose end the record does not show, the longest first."""
        ...

    def over(self, due: Sequence[Due]) -> None:
        """Nothing is left to do for these: somebody decided."""
        ...


class Ender:
    """Ends holds. Any number of workers may."""

    def __init__(
        self, holds: Holds, history: History, sighter: Sighter, journal: Journal, clock: Clock
    ) -> None:
        self._holds, self._history, self._sighter = holds, history, sighter
        self._journal, self._clock = journal, clock

    async def step(self) -> int:
        """
        End what is due; how many that was.

        Raises:
            app.ports.history.HotStoreAway, app.ports.record.RecordAway: Ended up to somewhere; step again.
        """
        due = await asyncio.to_thread(self._holds.due, self._clock(), AT_ONCE)
        decided = [one for one in due if one.row.outcome is not None]
        if decided:
            await asyncio.to_thread(self._holds.over, decided)
        for one in due:
            if one.row.outcome is None:
                await self._end(one)
        return len(due)

    async def _end(self, due: Due) -> None:
        row, sighting = due.row, sighting_of(self._sighter, due.row)
        released = due.planned == "released"
        points = row.points or 0
        effect = passing(row.type, None, row.points, row.origin) if released else ""
        now_ms = self._clock()
        entry = HoldEnded(
            row.decision_id, row.program_id, row.account_id, row.event_id, due.planned, now_ms,
            row.occurred_ms, points, effect, row.reserved or b"",
        )  # fmt: skip
        told = await self._history.end_hold(
            sighting, self._journal.seal(entry, now_ms), points, effect, now_ms, released=released
        )
        if told == "locked":  # released it would leave a locked account: a person decides
            await self._end(due._replace(planned="escalated"))
        elif told is None:
            await self._history.hold(moves(entry, sighting.event_key))
