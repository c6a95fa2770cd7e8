"""One decision as evidence: of the case's accounts, or of whoever the graph led to."""

from __future__ import annotations

from starlette.responses import Response

from app.console.cases.desk import Desk, noted, opened
from app.console.cases.headline import changes
from app.console.cases.shown import page
from app.console.visit import Visit, turned
from app.reviewing import hrefs


async def decision_page(desk: Desk, visit: Visit) -> Response:
    """Why this decision came out as it did."""
    case = await opened(desk, visit)
    told = await desk.reads.asker.why(case.program_id, visit.path["decision_id"], visit.viewer.scope)
    if told is None:
        raise turned(404, again=case.at())
    case = await noted(desk, visit, case, told.row.decision_id)
    return page(
        visit, "case/decision.html", case, "why", why=told, changes=changes(told),
        whose=hrefs.account(case.program_id, told.row.account_id),
        in_case=told.row.account_id in {one.account_id for one in case.file.accounts},
    )  # fmt: skip
