"""The case's first page: why it was flagged, what would have changed it, and the last things that happened."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from anyio import to_thread
from starlette.responses import Response

from app.cases.ports import CaseDecision, CaseFile
from app.charts.chart import Drawn
from app.charts.specs import course
from app.console.cases.desk import Desk, Opened, opened
from app.console.cases.headline import changes
from app.console.cases.shown import page
from app.console.visit import Visit, turned
from app.reviewing.account import who
from app.reviewing.balance import MOVES_SHOWN, balances
from app.reviewing.panels import Item, panels
from app.reviewing.timeline import KINDS, Kind, Moment, timeline
from app.reviewing.why import Why

LATEST: Final = 6
"""Moments on the first page: what fits beside the chart."""
HAPPENED: Final = frozenset[Kind](KINDS) - {"case"}
"""What happened to the account; what happened to the case is in its record."""
SHARED_MOST: Final = 4
"""Things shared with others that the first page names; all are a click away."""
GRAVITY: Final = {"block": 3, "review": 2, "challenge": 1, "allow": 0}


async def why_page(desk: Desk, visit: Visit) -> Response:
    """Why the account was flagged, by the decision asked for or the decisive one."""
    case = await opened(desk, visit, "why")
    reach, program_id, account_id = visit.viewer.scope, case.program_id, case.account.account_id
    chosen = _chosen(visit, case.file, account_id)

    def latest() -> Sequence[Moment]:
        return timeline(
            desk.reads.moments, program_id, account_id, limit=LATEST, scope=reach, kinds=HAPPENED
        ).items

    def shared() -> tuple[list[Item], int]:
        return _shared(desk, visit, case)

    told, moments, (things, more), masked, drawn = await asyncio.gather(
        _why(desk, visit, case, chosen),
        to_thread.run_sync(latest),
        to_thread.run_sync(shared),
        to_thread.run_sync(who, desk.reads.shown, program_id, account_id),
        balance_chart(desk, visit, case),
    )
    return page(
        visit, "case/why.html", case, "why",
        why=told, changes=changes(told) if told else [], decisive=chosen, moments=moments, balance=drawn,
        things=things, more_things=more, masked=masked,
        mine=[one for one in case.file.decisions if one.account_id == account_id],
    )  # fmt: skip


async def _why(desk: Desk, visit: Visit, case: Opened, chosen: CaseDecision | None) -> Why | None:
    if chosen is None:
        return None
    return await desk.reads.asker.why(case.program_id, chosen.decision_id, visit.viewer.scope)


def decisive(file: CaseFile, account_id: str) -> CaseDecision | None:
    """The gravest flagged decision of an account, the riskiest and latest of these."""
    its = [one for one in file.decisions if one.account_id == account_id]
    return max(its, key=lambda one: (GRAVITY[one.decision], one.risk_score, one.seq), default=None)


def _chosen(visit: Visit, file: CaseFile, account_id: str) -> CaseDecision | None:
    asked = visit.query.get("decision", "")
    if not asked:
        return decisive(file, account_id)
    found = next((one for one in file.decisions if one.decision_id == asked), None)
    if found is None or found.account_id != account_id:
        raise turned(404, "That decision is not one of this account's in this case.")
    return found


def _shared(desk: Desk, visit: Visit, case: Opened) -> tuple[list[Item], int]:
    """What the account shares with others, the most telling first, and how many more things there are."""
    context_of = desk.reads.contexts(case.program_id, visit.now_ms)
    found = panels(desk.reads.uses, context_of, case.program_id, case.account.account_id, visit.viewer.scope)
    items = [item for kind in found.values() for item in kind if item.others]
    items.sort(key=lambda item: (item.context is not None, -item.use.last_ms))
    return items[:SHARED_MOST], max(0, len(items) - SHARED_MOST)


async def balance_chart(desk: Desk, visit: Visit, case: Opened) -> Drawn | None:
    """The account's balance; None where fewer than two events moved it, or the viewer sees only some places."""
    if not visit.viewer.scope.is_whole_programme:
        return None
    account_id = case.account.account_id

    def read() -> list[tuple[int, int, bool, str]]:
        moved = desk.reads.moves.moved(case.program_id, account_id, MOVES_SHOWN)
        return [
            (one.at_ms, one.points, one.estimated, f"{case.path}/decisions/{one.decision_id}")
            for one in balances(moved)
        ]

    points = await to_thread.run_sync(read)
    if len(points) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    [drawn] = await desk.reads.room.draw(course("Balance", points))
    return drawn
