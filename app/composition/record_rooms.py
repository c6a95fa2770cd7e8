"""The rooms of the console that look into the record: accounts and decisions, lists, the audit."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from app.composition.cases import Cases
from app.composition.reviewing import Reviewing
from app.console import audit
from app.console.accounts import searching
from app.console.accounts.doing import AccountDeeds
from app.console.accounts.searching import Search
from app.console.accounts.showing import AccountPages
from app.console.audit import AuditPages
from app.console.colleagues import Colleagues
from app.console.decisions import Decisions
from app.console.frame import Room
from app.console.lists import showing as lists
from app.console.lists.changing import ListDeeds
from app.console.lists.showing import ListPages
from app.console.programmes import USUAL, Programmes
from app.console.taking_out import TakingOut
from app.feedback.desk import FeedbackDesk
from app.ids import fresh_id
from app.locking.switch import Switch
from app.store.sql.cases.by_hand import OpeningByHand


def record_rooms(
    review: Reviewing,
    cases: Cases,
    feedback: FeedbackDesk,
    switch: Switch,
    engine: Engine,
    is_closed: Callable[[str, str], bool],
    colleagues: Colleagues,
) -> list[Room]:
    """Accounts with their decisions, lists and the audit, over these."""

    def known() -> list[str]:
        return sorted({USUAL, *review.file.programs, *review.finding.programmes()})

    programmes, digest, overviews = Programmes(known), review.sighter.digest, review.overviews
    pages = AccountPages(
        overviews,
        review.moments,
        review.uses,
        review.contexts,
        cases.desk,
        colleagues,
        review.room,
        is_closed,
    )
    deeds = AccountDeeds(
        pages, overviews, review.shown, feedback, switch, OpeningByHand(engine, cases.opener), cases.desk
    )
    search = Search(review.finding, review.uses, digest, review.noting, programmes)
    decisions = Decisions(review.asker, review.explain, review.finding)
    listed = ListPages(review.listed, review.noting, programmes, colleagues)
    changing = ListDeeds(review.listed, feedback, digest, fresh_id, programmes)
    return [
        Room(searching.PLACE, [*search.gestures(), *deeds.gestures(), *pages.gestures()]),
        Room(None, decisions.gestures()),
        Room(lists.PLACE, [*listed.gestures(), *changing.gestures()]),
        Room(audit.PLACE, AuditPages(review.audits, TakingOut(review.noting), colleagues).gestures()),
    ]
