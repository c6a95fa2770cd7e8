"""
From the end of a decision's redemption token to the decision's outcome: spent it is completed, unspent cancelled.

The move that ends a token is all that must not be lost; that something is to be told follows from the token's row. It is
told until the record itself shows an outcome, so it does not matter who dies where, nor whether the hot store forgets
what it was told. Telling again changes nothing, and who told an outcome before is never overruled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import structlog

from app.answers import OutcomeAnswer, Unavailable503
from app.ports.history import HotStoreAway
from app.ports.instants import Clock
from app.ports.journal import Outcome

AT_ONCE: Final = 200
"""Tokens a turn: some 0.2 s of telling, after which what was told before is noted."""
RECORDED_WITHIN_MS: Final = 86_400_000
"""A decision waits for the record at most so long, 24 h: an outage of a night, and what was spooled in it."""
log: Final = structlog.get_logger("earnest.tokens")


class Ended(NamedTuple):
    """
    A decision's redemption token that is redeemed, revoked or expired, and not settled.

    spent:    it was redeemed.
    recorded: whether the record has the decision.
    outcome:  of the decision, as the record has it.
    ended_ms: when it ended.
    """

    token_id: str
    program_id: str
    decision_id: str
    spent: bool
    recorded: bool
    outcome: Outcome | None
    ended_ms: int = 0


class Completions(Protocol):
    """What is left to tell. Synchronous: called in a thread. Raises RecordAway."""

    def ended(self, most: int) -> Sequence[Ended]:
        """Tokens that ended and are not settled, longest ended first, with the outcome the record has."""
        ...

    def settle(self, token_ids: Sequence[str], now_ms: int) -> None:
        """Note that nothing is left to tell of these."""
        ...


class Teller(Protocol):
    """`app.outcomes.Outcomes.tell`."""

    async def __call__(
        self, program_id: str, decision_id: str, outcome: Outcome, told_by: str, *, only_first: bool
    ) -> OutcomeAnswer:
        """Note what became of a decision, if nothing was told of it yet."""
        ...


class Completer:
    """
    Tells outcomes of ended tokens. Any number of workers may.

    Args:
        completions: What ended.
        tell: Tells.
        clock: Milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, completions: Completions, tell: Teller, clock: Clock) -> None:
        self._completions, self._tell, self._clock = completions, tell, clock

    async def step(self) -> int:
        """
        Tell what is to be told, in the order in which the tokens ended, and settle what the record shows. How many were
        settled; what is told now is settled by a later step.

        Raises:
            app.ports.history.HotStoreAway: Told up to somewhere; step again.
            app.ports.record.RecordAway: The same.
        """
        ended = await asyncio.to_thread(self._completions.ended, AT_ONCE)
        done = [one for one in ended if one.outcome is not None or self._is_lost(one)]
        if done:
            _warn(done)
            await asyncio.to_thread(self._completions.settle, [one.token_id for one in done], self._clock())
        for one in ended:
            if one.recorded and one.outcome is None:
                await self._tell_of(one)
        return len(done)

    def _is_lost(self, one: Ended) -> bool:
        """Whether its decision will never be recorded: a link's is made a moment before, and waits for the worker."""
        return not one.recorded and self._clock() - one.ended_ms > RECORDED_WITHIN_MS

    async def _tell_of(self, one: Ended) -> None:
        """Whatever the answer: that it is told is believed when the record shows it."""
        outcome: Outcome = "completed" if one.spent else "cancelled"
        told_by = f"token:{one.token_id}"
        answer = await self._tell(one.program_id, one.decision_id, outcome, told_by, only_first=True)
        if isinstance(answer, Unavailable503):
            raise HotStoreAway("an outcome could not be told")


def _warn(done: Sequence[Ended]) -> None:
    for one in done:
        if not one.recorded:
            log.warning("the decision of a redemption token is not recorded", decision_id=one.decision_id)
        elif one.spent and one.outcome != "completed":
            log.warning(
                "a redemption token was spent, and its decision told otherwise",
                decision_id=one.decision_id,
                outcome=one.outcome,
            )
