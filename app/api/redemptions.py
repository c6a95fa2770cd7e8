"""Redeeming from server to server: the code is sent, the token redeemed, exactly once.

Nothing of these bodies is ever repeated in an answer, not even a member's name: they hold tokens and codes.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response

from app.api.idempotency import REQUIRED_KEY, required_call_key
from app.api.operation import BODY_BYTES, Call, Operation, reply
from app.api.token_wire import ChallengeBody, CodeSent, RedeemBody, RedeemedToken
from app.api.tokens import caller
from app.event_laws import NO_ADDRESS, is_address
from app.faults import Fault, Faults
from app.problems import (
    CONFLICT,
    LOCKED,
    NOT_FOUND,
    TOO_EARLY,
    TOO_MANY_REQUESTS,
    UNPROVEN,
    Problem,
    Refused,
    of_faults,
)
from app.redeeming.desk import Member
from app.shapes import sift, told
from app.strict_json import odd_text, tolerant_tree
from detectors.event import Device

S = TypeVar("S", bound=Struct)
SECRETS: Final = ("token", "otp", "code")
OF_DEVICES: Final = frozenset(f"/device/{name}" for name in Device.__struct_fields__)
NO_TEXT: Final = "?"
"""Stands for a text that cannot be kept. No token and no code holds it, so it is as unknown as any other."""


async def send_token_code(call: Call) -> Response:
    """POST /v1/tokens/challenge."""
    body, _ = await secret_body(call, ChallengeBody)
    answer = await call.api.desk.send_code(body.token, body.account_id, caller(call))
    if isinstance(answer, Problem):
        raise Refused(answer)
    return reply(answer.body, 202)


async def redeem_token(call: Call) -> Response:
    """POST /v1/tokens/redeem."""
    key = required_call_key(call)
    body, raw = await secret_body(call, RedeemBody)
    if body.ip is not None and not is_address(body.ip):
        raise Refused(of_faults(told([NO_ADDRESS])))
    answer = await call.api.desk.redeem(
        body.token, body.otp, body.account_id, caller(call), key, raw, Member(body.ip, body.device)
    )
    if isinstance(answer, Problem):
        raise Refused(answer)
    return reply(answer.body, replayed=answer.replayed)


async def secret_body(call: Call, shape: type[S]) -> tuple[S, bytes]:
    """
    A body that holds a secret, and the same as sent. Raises Refused with its faults.

    A secret may be any text, whole Unicode or not: it is for the desk to say that it is unknown.
    """
    raw = await call.raw_body(BODY_BYTES)
    tree = tolerant_tree(raw)
    if isinstance(tree, Faults):
        raise Refused(of_faults(tree))
    if isinstance(tree, dict):
        tree.update({name: NO_TEXT for name in SECRETS if odd_text(tree.get(name)) is not None})
    members, faults = sift(tree, shape)
    if faults:
        known = {f"/{name}" for name in shape.__struct_fields__} | OF_DEVICES
        nameless = (fault if fault.pointer in known else Fault("", fault.message) for fault in faults)
        raise Refused(of_faults(told(list(dict.fromkeys(nameless)))))
    return msgspec.convert(members, shape), raw


EXAMPLE: Final = {
    "token": "the text behind /r# or /r/ of the link",
    "account_id": "m-1",
    "otp": "492039",
    "ip": "203.0.113.7",
}
OPERATIONS: Final = (
    Operation(
        "POST", "/v1/tokens/challenge", "Send the member the code of a token", send_token_code,
        scopes=("tokens",), takes=ChallengeBody, gives=CodeSent, status=202,
        refuses=(NOT_FOUND, CONFLICT, LOCKED, TOO_EARLY, TOO_MANY_REQUESTS),
    ),
    Operation(
        "POST", "/v1/tokens/redeem", "Redeem a token, exactly once", redeem_token,
        scopes=("tokens",), headers=(REQUIRED_KEY,), takes=Annotated[RedeemBody, Meta(examples=[EXAMPLE])],
        gives=RedeemedToken, replays=True,
        refuses=(UNPROVEN, NOT_FOUND, CONFLICT, LOCKED, TOO_EARLY, TOO_MANY_REQUESTS),
    ),
)  # fmt: skip
