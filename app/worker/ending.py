"""What the worker does for holds, put together: those that nobody decided on end as the policy said."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine

from app.capping.ending import AT_ONCE, Ender
from app.clock import system_clock
from app.journal import Journal
from app.sighting import Sighter
from app.store.pipeline import Pipeline
from app.store.sql.holding import SqlHolds
from app.store.valkey import ValkeyHistory
from app.worker.chores import Chore

END_EVERY_S: Final = 1.0
"""Between two looks: a hold lasts hours, and a member waits for its end."""


def ending(engine: Engine, pipeline: Pipeline, sighter: Sighter, journal: Journal) -> Chore:
    """The chore, over these stores."""
    ender = Ender(SqlHolds(engine), ValkeyHistory(pipeline), sighter, journal, system_clock)
    return Chore("ending", ender.step, AT_ONCE, END_EVERY_S)
