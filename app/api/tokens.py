"""One-time tokens: issued, looked at, revoked."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Meta
from starlette.responses import Response

from app.api.idempotency import OPTIONAL, call_key
from app.api.operation import Call, Operation, Parameter, invalid, reply
from app.api.paging import CURSOR, LIMIT, instant
from app.api.token_orders import order_of
from app.api.token_wire import (
    DeliveryView,
    IssuedToken,
    OtpView,
    TokenBody,
    TokenPage,
    TokenView,
)
from app.faults import Faults
from app.problems import CONFLICT, NOT_FOUND, Problem, Refused, of_faults
from app.redeeming.desk import Caller
from app.shapes import read_body
from detectors.event import Id
from tokens.token import Token

ORDER_BYTES: Final = 65_536
"""One token, 64 KiB: metadata alone may have 20 texts of 512 characters, of up to 4 bytes each."""


def caller(call: Call) -> Caller:
    """Who calls, as the desk wants to know it."""
    return Caller(call.principal, call.address)


async def issue_token(call: Call) -> Response:
    """POST /v1/tokens."""
    key = call_key(call)
    raw = await call.raw_body(ORDER_BYTES)
    body = read_body(raw, TokenBody)
    order = body if isinstance(body, Faults) else order_of(body)
    if isinstance(order, Faults):
        raise Refused(of_faults(order))
    if order.decision_id is not None:
        await call.api.caught_up()  # a challenge that was passed a moment ago has allowed it
    answer = await call.api.desk.issue(order, caller(call), key, raw)
    if isinstance(answer, Problem):
        raise Refused(answer)
    return reply(answer.body, 201, replayed=answer.replayed)


async def token(call: Call) -> Response:
    """GET /v1/tokens/{token_id}."""
    found = await call.api.desk.token(call.principal.program_id, call.path("token_id"))
    if found is None:
        raise Refused(NOT_FOUND)
    return reply(view_of(found))


async def list_tokens(call: Call) -> Response:
    """GET /v1/tokens."""
    try:
        page = await call.api.desk.tokens(call.principal.program_id, **call.query)
    except ValueError:
        raise invalid("/query/cursor", "must be a cursor of this list") from None
    return reply(TokenPage(tuple(view_of(item) for item in page.items), page.next_cursor))


async def revoke_token(call: Call) -> Response:
    """POST /v1/tokens/{token_id}/revoke."""
    answer = await call.api.desk.revoke(call.path("token_id"), caller(call))
    if isinstance(answer, Problem):
        raise Refused(answer)
    return reply(view_of(answer))


async def release_hold(call: Call) -> Response:
    """POST /v1/tokens/{token_id}/release-hold."""
    answer = await call.api.desk.release_hold(call.path("token_id"), caller(call))
    if isinstance(answer, Problem):
        raise Refused(answer)
    return reply(view_of(answer))


def view_of(token: Token) -> TokenView:
    """A token as its issuer may see it."""
    delivered_at = None if token.delivered_ms is None else instant(token.delivered_ms)
    return TokenView(
        token_id=token.token_id,
        account_id=token.account_id,
        purpose=token.purpose,
        campaign_id=token.campaign_id,
        reward=token.reward,
        decision_id=token.decision_id,
        state=token.state,
        issued_at=instant(token.issued_ms),
        not_before=instant(token.not_before_ms),
        expires_at=instant(token.expires_ms),
        ended_at=None if token.ended_ms is None else instant(token.ended_ms),
        delivery=DeliveryView(token.channel, token.delivery, delivered_at),
        otp=OtpView(token.otp_method, token.otp_fallback),
        attempts=token.tries,
        codes_sent=token.sends,
        row_id=token.row_id,
        held_at=None if token.held_ms is None else instant(token.held_ms),
    )


EXAMPLE: Final[dict[str, Any]] = {
    "account_id": "m-1",
    "purpose": "reward_link",
    "reward": {
        "reward_id": "gift-10",
        "title": "A 10 euro gift card",
        "face_value_minor": 1_000,
        "currency": "EUR",
        "payload": {"voucher_code": "K4YQ-7PWD-22XM"},
    },
    "campaign_id": "autumn",
    "expires_in_s": 259_200,
    "delivery": {"channel": "email", "to": "member@example.com", "locale": "de"},
    "otp": {"method": "sms", "to": "+491701234567"},
}
READERS: Final = ("tokens", "read", "admin")
OPERATIONS: Final = (
    Operation(
        "POST", "/v1/tokens", "Issue a one-time token", issue_token,
        scopes=("tokens",), headers=(OPTIONAL,), takes=Annotated[TokenBody, Meta(examples=[EXAMPLE])],
        gives=IssuedToken, status=201, replays=True, refuses=(CONFLICT,),
    ),
    Operation(
        "GET", "/v1/tokens", "List tokens, newest first", list_tokens,
        scopes=READERS, gives=TokenPage,
        query=(
            Parameter("account_id", Id, "Only this member's."),
            Parameter("campaign_id", Id, "Only this campaign's."),
            LIMIT, CURSOR,
        ),
    ),
    Operation("GET", "/v1/tokens/{token_id}", "Look up a token", token, scopes=READERS, gives=TokenView),
    Operation(
        "POST", "/v1/tokens/{token_id}/revoke", "Revoke a token and destroy its content", revoke_token,
        scopes=("tokens",), gives=TokenView, refuses=(CONFLICT,),
    ),
    Operation(
        "POST", "/v1/tokens/{token_id}/release-hold", "Let a held reward go on", release_hold,
        scopes=("admin",), gives=TokenView, refuses=(CONFLICT,),
    ),
)  # fmt: skip
