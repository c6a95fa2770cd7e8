"""What the worker does for decisions with redemption tokens, put together: their outcomes follow their tokens' ends."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine

from app.clock import system_clock
from app.journal import Journal
from app.outcomes import Outcomes
from app.ports.record import Record
from app.redeeming.completing import AT_ONCE, Completer
from app.sighting import Sighter
from app.store.pipeline import Pipeline
from app.store.sql.tokens.completing import SqlCompletions
from app.store.valkey import ValkeyHistory
from app.worker.chores import Chore

COMPLETE_EVERY_S: Final = 0.25
"""Between two looks at tokens that ended: with the journal's 50 ms, an outcome stands well within a second."""


def completing(
    engine: Engine, pipeline: Pipeline, record: Record, sighter: Sighter, journal: Journal
) -> Chore:
    """The chore, over these stores."""
    outcomes = Outcomes(ValkeyHistory(pipeline), record, sighter, journal, system_clock)
    completer = Completer(SqlCompletions(engine), outcomes.tell, system_clock)
    return Chore("completing", completer.step, AT_ONCE, COMPLETE_EVERY_S)
