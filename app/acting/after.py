"""After an act: the hot store is told at once of what is durable. What fails here is told by the worker's chores."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from app.acting.steps import (
    Delist,
    Enlist,
    Judge,
    Mark,
    SayLabel,
    SetHold,
    Step,
    Switch,
    Unjudge,
    Unmark,
    Unsay,
)
from app.ports.history import HotStoreAway
from app.ports.record import RecordAway

_SAID = (SayLabel, Unsay, Judge, Unjudge, Mark, Unmark, Enlist, Delist)


class After:
    """
    Tells.

    Args:
        lock: (programme, account): how redeeming stands there.
        said: that people said something.
        holds: that holds may be due.
    """

    def __init__(
        self,
        lock: Callable[[str, str], Awaitable[None]],
        said: Callable[[], Awaitable[None]],
        holds: Callable[[], Awaitable[int]],
    ) -> None:
        self._lock, self._said, self._holds = lock, said, holds

    async def tell(self, program_id: str, steps: Sequence[Step]) -> bool:
        """Whether all of it is minded from now on; locks first, so that held points find their account unlocked."""
        try:
            for account_id in sorted({step.account_id for step in steps if isinstance(step, Switch)}):
                await self._lock(program_id, account_id)
            if any(isinstance(step, _SAID) for step in steps):
                await self._said()
            if any(isinstance(step, SetHold) for step in steps):
                await self._holds()
        except (HotStoreAway, RecordAway):
            return False
        return True
