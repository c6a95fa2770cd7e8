"""The redemption token of a decision: what a till spends to prove that the points it burns were checked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final

from anyio import to_thread
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from app.api.decisions import check_store
from app.api.idempotency import OPTIONAL, call_key
from app.api.operation import Call, Operation, reply
from app.api.tokens import caller
from app.ports.record import EventErased
from app.ports.rows import DecisionRow
from app.problems import CONFLICT, NOT_FOUND, Problem, Refused
from app.redeeming.checked import CHECK_GOOD_FOR_S
from app.redeeming.desk import Order
from detectors.event import Event
from tokens.limits import CALL_KEPT_S, SHORTEST_LIFE_S
from tokens.states import State
from tokens.token import Reward

ERASED: Final = CONFLICT.because("The member's data were erased.")


class RedemptionTokenBody(Struct, frozen=True, forbid_unknown_fields=True):
    """
    How long the member may take to the till. Points are held as long, so it is minutes; less than any token's 300 s
    would turn a queue or a slow clock into a refusal.
    """

    expires_in_s: Annotated[int, Meta(ge=SHORTEST_LIFE_S, le=CHECK_GOOD_FOR_S)] = SHORTEST_LIFE_S


class RedemptionToken(Struct, frozen=True, kw_only=True):
    """The decision's token. `token`, its secret, only where it is issued, and again under the same Idempotency-Key."""

    token_id: str
    state: State
    expires_at: datetime
    token: str | UnsetType = UNSET


async def issue_redemption_token(call: Call) -> Response:
    """POST /v1/decisions/{decision_id}/redemption-token."""
    key, decision_id = call_key(call), call.path("decision_id")
    body = await call.body(RedemptionTokenBody)
    if call.principal.stores:
        await check_store(call, decision_id)
    order = await to_thread.run_sync(_ordered, call, decision_id, body.expires_in_s)
    answer = await call.api.desk.issue_checked(order, caller(call), key)
    if isinstance(answer, Problem):
        raise Refused(answer)
    return reply(answer.body, 201, replayed=answer.replayed)


def _ordered(call: Call, decision_id: str, expires_in_s: int) -> Order:
    """What was checked is what is promised. In a thread. Raises Refused."""
    record, program_id = call.api.record, call.principal.program_id
    row = record.decision(program_id, decision_id)
    if row is None:
        raise Refused(NOT_FOUND)
    try:
        event = record.event(program_id, row.event_id)
    except EventErased:
        raise Refused(ERASED) from None
    return order_of(row, event, expires_in_s)


def order_of(row: DecisionRow, event: Event | None, expires_in_s: int) -> Order:
    """The order of a decision's token: without a code, for the decision asked for one where it wanted one."""
    return Order(
        account_id=row.account_id,
        purpose="redemption",
        reward=Reward(reward_id=None if event is None else event.reward_id, points=row.points),
        payload=b"",
        campaign_id=None,
        expires_in_s=expires_in_s,
        not_before_ms=None,
        channel="none",
        to=None,
        locale=None,
        otp_method="none",
        otp_to=None,
        decision_id=row.decision_id,
        metadata=b"",
    )


OF_DECISION: Final = replace(
    OPTIONAL,
    description="Your own, unguessable name for this call: a repeat with it is given the same answer, the token "
    f"included, for {CALL_KEPT_S // 3_600} h. Without it, or with another, a repeat is told which token there is.",
)
OPERATIONS: Final = (
    Operation(
        "POST", "/v1/decisions/{decision_id}/redemption-token", "Issue the redemption token of a decision",
        issue_redemption_token,
        scopes=("tokens", "score"), limited_keys=True, headers=(OF_DECISION,), takes=RedemptionTokenBody,
        gives=RedemptionToken, status=201, replays=True, refuses=(CONFLICT,), fresh=True,
    ),
)  # fmt: skip
