"""Members' authenticator apps: enrolled with a QR code, counting once their first code was right."""

from __future__ import annotations

from typing import Final

import segno
from anyio import to_thread
from starlette.responses import Response

from app.api.operation import Call, Operation, reply
from app.api.redemptions import secret_body
from app.api.token_wire import ConfirmBody, Confirmed, EnrolBody, Enrolled
from app.api.tokens import caller
from app.problems import NOT_FOUND, UNPROVEN, Refused

PASSKEY: Final = "psk_"
"""The names of passkeys begin so."""
QR_SCALE: Final = 4
"""Pixels a module: the code is some 200 pixels wide, which a phone reads off a screen at arm's length."""


async def enrol_authenticator(call: Call) -> Response:
    """POST /v1/accounts/{account_id}/authenticators."""
    account_id = call.path("account_id")
    await call.body(EnrolBody)
    made, uri = await call.api.desk.enrol(account_id, caller(call))
    return reply(Enrolled(made.authenticator_id, uri, await to_thread.run_sync(qr_svg, uri)), 201)


async def confirm_authenticator(call: Call) -> Response:
    """POST /v1/accounts/{account_id}/authenticators/{authenticator_id}/confirm."""
    names = call.path("account_id"), call.path("authenticator_id")
    body, _ = await secret_body(call, ConfirmBody)
    right = await call.api.desk.confirm(*names, body.code, caller(call))
    if right is None:
        raise Refused(NOT_FOUND)
    if not right:
        raise Refused(UNPROVEN)
    return reply(Confirmed())


async def forget_authenticator(call: Call) -> Response:
    """DELETE /v1/accounts/{account_id}/authenticators/{authenticator_id}: an app or a passkey."""
    names = call.path("account_id"), call.path("authenticator_id")
    forget = call.api.enroller.forget if names[1].startswith(PASSKEY) else call.api.desk.forget_authenticator
    if not await forget(*names, caller(call)):
        raise Refused(NOT_FOUND)
    return Response(status_code=204)


def qr_svg(uri: str) -> str:
    """The address as a QR code: SVG without an XML declaration, dark on white."""
    return segno.make(uri, error="m", micro=False).svg_inline(scale=QR_SCALE, light="#fff", title="QR")


ALL: Final = "/v1/accounts/{account_id}/authenticators"
ONE: Final = f"{ALL}/{{authenticator_id}}"
OPERATIONS: Final = (
    Operation(
        "POST", ALL, "Enrol an authenticator app", enrol_authenticator,
        scopes=("tokens",), takes=EnrolBody, gives=Enrolled, status=201,
    ),
    Operation(
        "POST", f"{ONE}/confirm", "Confirm an authenticator app by its first code", confirm_authenticator,
        scopes=("tokens",), takes=ConfirmBody, gives=Confirmed, refuses=(UNPROVEN,),
    ),
    Operation(
        "DELETE", ONE, "Forget an authenticator app or a passkey", forget_authenticator,
        scopes=("tokens",), status=204, gives_media=None,
    ),
)  # fmt: skip
