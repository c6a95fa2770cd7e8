"""Challenges: a code is sent to the member, and checked; a passed challenge turns its decision into `allow`."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct
from starlette.responses import Response

from app.api.decisions import check_store
from app.api.operation import Call, Operation, reply
from app.api.redemptions import secret_body
from app.api.token_wire import CodeSent
from app.api.tokens import caller
from app.problems import CONFLICT, LOCKED, NOT_FOUND, TOO_MANY_REQUESTS, UNAVAILABLE, Problem, Refused
from app.stepping_up.asking import NO_CHALLENGE, Verified
from app.stepping_up.offering import challenged
from detectors.policy import StepUpMethod


class SendBody(Struct, frozen=True, forbid_unknown_fields=True):
    """By which of the challenge's methods."""

    method: Literal["sms_otp", "totp", "passkey"]


class VerifyBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The code the member typed; without `method`, of the text message sent last, else of their app."""

    code: str
    method: StepUpMethod | None = None


async def send_code(call: Call) -> Response:
    """POST /v1/challenges/{challenge_id}/send."""
    name = await _named(call)
    body = await call.body(SendBody)
    sent = await call.api.step_ups.send(name, body.method, caller(call))
    if isinstance(sent, Problem):
        raise Refused(sent)
    return reply(sent, 202)


async def verify_code(call: Call) -> Response:
    """POST /v1/challenges/{challenge_id}/verify."""
    name = await _named(call)
    body, _ = await secret_body(call, VerifyBody)
    verified = await call.api.step_ups.verify(name, body.code, body.method, caller(call))
    if isinstance(verified, Problem):
        raise Refused(verified)
    response = reply(verified)
    if verified.retry_after_s is not UNSET:
        response.headers["Retry-After"] = str(verified.retry_after_s)
    return response


async def _named(call: Call) -> str:
    """The challenge asked for, if this key may have to do with its decision."""
    name: str = call.path("challenge_id")
    decision_id = challenged(name)
    if decision_id is None:
        raise Refused(NO_CHALLENGE)
    if call.principal.stores:
        await check_store(call, decision_id)
    return name


ONE: Final = "/v1/challenges/{challenge_id}"
EXAMPLE: Final = {"code": "492039"}
OPERATIONS: Final = (
    Operation(
        "POST", f"{ONE}/send", "Send the member the code of a challenge", send_code,
        scopes=("score",), limited_keys=True, takes=SendBody, gives=CodeSent, status=202, fresh=True,
        refuses=(NOT_FOUND, CONFLICT, LOCKED, TOO_MANY_REQUESTS, UNAVAILABLE),
    ),
    Operation(
        "POST", f"{ONE}/verify", "Check the member's code and pass the challenge", verify_code,
        scopes=("score",), limited_keys=True, takes=Annotated[VerifyBody, Meta(examples=[EXAMPLE])],
        gives=Verified, fresh=True, refuses=(NOT_FOUND, CONFLICT, LOCKED, UNAVAILABLE),
    ),
)  # fmt: skip
