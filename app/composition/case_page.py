"""The case page, put together."""

from __future__ import annotations

from sqlalchemy import Engine

from app.acting.ports import Acting
from app.composition.cases import Cases
from app.composition.reviewing import Reviewing
from app.console.cases.desk import Desk
from app.console.cases.room import CasePage
from app.console.colleagues import Colleagues
from app.console.frame import Room
from app.store.sql.looks import SqlLooks


def case_room(
    cases: Cases, review: Reviewing, acting: Acting, engine: Engine, colleagues: Colleagues
) -> Room:
    """A case is reached from the queue, a search, a chart: it has no place of its own."""
    return Room(None, CasePage(Desk(cases.desk, review, acting, colleagues, SqlLooks(engine))).gestures())
