"""Challenges: a code is sent to the member, and checked; a passed challenge turns its decision into `allow`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from app.api.decisions import check_store
from app.api.operation import Call, Operation, invalid, reply
from app.api.redemptions import secret_body
from app.api.tokens import caller
from app.problems import CONFLICT, LOCKED, NOT_FOUND, TOO_MANY_REQUESTS, UNAVAILABLE, Problem, Refused
from app.stepping_up.asking import NO_CHALLENGE, Verified
from app.stepping_up.offering import challenged
from detectors.policy import CodeMethod, StepUpMethod


class SendBody(Struct, frozen=True, forbid_unknown_fields=True):
    """By which of the challenge's methods."""

    method: StepUpMethod


class Signed(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """What an authenticator signed; each part in base64url."""

    client_data_json: str = msgspec.field(name="clientDataJSON")
    authenticator_data: str
    signature: str
    user_handle: str | None = None


class Assertion(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """A browser's answer to the options of a passkey: `PublicKeyCredential.toJSON()`."""

    id: str
    raw_id: str
    response: Signed
    type: str = "public-key"
    authenticator_attachment: str | None = None
    client_extension_results: dict[str, bool] | None = None


class VerifyBody(Struct, frozen=True, forbid_unknown_fields=True):
    """
    The code the member typed; without `method`, of the text message sent last, else of their app. Or `assertion`: what
    the browser answered to the options of a passkey, `PublicKeyCredential.toJSON()`.
    """

    code: str | None = None
    assertion: Assertion | None = None
    method: CodeMethod | None = None


class ChallengeSent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code is on its way, `destination` masked; or, for a passkey, the `options` of `navigator.credentials.get`."""

    expires_at: datetime
    reference: str | UnsetType = UNSET
    resend_after_s: int | UnsetType = UNSET
    destination: str | UnsetType = UNSET
    options: dict[str, Any] | UnsetType = UNSET


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
    answer, method = _answer(body)
    verified = await call.api.step_ups.verify(name, answer, method, caller(call))
    if isinstance(verified, Problem):
        raise Refused(verified)
    response = reply(verified)
    if verified.retry_after_s is not UNSET:
        response.headers["Retry-After"] = str(verified.retry_after_s)
    return response


def _answer(body: VerifyBody) -> tuple[str, StepUpMethod | None]:
    if body.assertion is not None:
        if body.code is not None or body.method is not None:
            raise invalid("/assertion", "Send an assertion alone, without code and method.")
        return _told(body.assertion), "passkey"
    if body.code is None:
        raise invalid("/code", "Send a code, or an assertion.")
    return body.code, body.method


def _told(assertion: Assertion) -> str:
    """As the browser had it, `type` included."""
    return msgspec.json.encode({"type": assertion.type, **msgspec.to_builtins(assertion)}).decode()


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
        "POST", f"{ONE}/send", "Send the member a code, or ask for a passkey", send_code,
        scopes=("score",), limited_keys=True, takes=SendBody, gives=ChallengeSent, status=202, fresh=True,
        refuses=(NOT_FOUND, CONFLICT, LOCKED, TOO_MANY_REQUESTS, UNAVAILABLE),
    ),
    Operation(
        "POST", f"{ONE}/verify", "Check the member's code and pass the challenge", verify_code,
        scopes=("score",), limited_keys=True, takes=Annotated[VerifyBody, Meta(examples=[EXAMPLE])],
        gives=Verified, fresh=True, refuses=(NOT_FOUND, CONFLICT, LOCKED, UNAVAILABLE),
    ),
)  # fmt: skip
