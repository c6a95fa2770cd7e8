"""Campaigns: how much of rewards may be promised in their name."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from app.api.operation import Call, Operation, invalid, reply
from app.api.token_wire import BudgetBody, BudgetView, Used
from app.api.tokens import READERS, caller
from app.problems import NOT_FOUND, Refused
from tokens.budget import Budget


async def campaign_budget(call: Call) -> Response:
    """GET /v1/campaigns/{campaign_id}/budget."""
    found = await call.api.desk.budget(call.principal.program_id, call.path("campaign_id"))
    if found is None:
        raise Refused(NOT_FOUND)
    return reply(_view(found))


async def set_campaign_budget(call: Call) -> Response:
    """PUT /v1/campaigns/{campaign_id}/budget."""
    campaign_id = call.path("campaign_id")
    body = await call.body(BudgetBody)
    if body.max_face_value_minor is not None and body.currency is None:
        raise invalid("/currency", "is required with max_face_value_minor")
    wanted = Budget(
        call.principal.program_id,
        campaign_id,
        body.max_tokens,
        body.max_points,
        body.max_face_value_minor,
        body.currency,
    )
    return reply(_view(await call.api.desk.set_budget(wanted, caller(call))))


def _view(budget: Budget) -> BudgetView:
    return BudgetView(
        campaign_id=budget.campaign_id,
        max_tokens=budget.max_tokens,
        max_points=budget.max_points,
        max_face_value_minor=budget.max_face_value_minor,
        currency=budget.currency,
        used=Used(budget.tokens, budget.points, budget.face_value_minor),
    )


PATH: Final = "/v1/campaigns/{campaign_id}/budget"
OPERATIONS: Final = (
    Operation(
        "GET", PATH, "Read a campaign's budget and what of it is used", campaign_budget,
        scopes=READERS, gives=BudgetView,
    ),
    Operation(
        "PUT", PATH, "Set a campaign's budget", set_campaign_budget,
        scopes=("admin",), takes=BudgetBody, gives=BudgetView,
    ),
)  # fmt: skip
