"""Members' passkeys: a backend asks for a link to enrol by, and sees what an account proves itself by. Never a key."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from starlette.responses import Response

from app.api.authenticators import ALL
from app.api.operation import Call, Operation, reply
from app.api.paging import instant
from app.api.tokens import caller
from app.redeeming.enrolling import Held
from app.redeeming.terms import Line
from tokens.limits import AUTHENTICATOR_REST_S, PASSKEY_LINK_LONGEST_S, PASSKEY_LINK_SHORTEST_S
from tokens.token import Locale

MS: Final = 1_000


class PasskeyLinkBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    A link to enrol a passkey by, once: for the member who is logged in with you, and for nobody else.

    `label` is what the authenticator shows beside the brand, such as the member's name for the account.
    """

    expires_in_s: Annotated[int, Meta(ge=PASSKEY_LINK_SHORTEST_S, le=PASSKEY_LINK_LONGEST_S)] = (
        PASSKEY_LINK_SHORTEST_S
    )
    label: Line | None = None
    locale: Locale | None = None


class PasskeyLink(Struct, frozen=True):
    """Whoever has the link can enrol a passkey for the account, once, until it expires."""

    link: str
    expires_at: datetime


class AuthenticatorView(Struct, frozen=True, kw_only=True):
    """
    What an account proves itself by.

    `counts_from`: before that it proves nothing where it took another's place or came beside another. `aaguid`: the
    model of a passkey's authenticator, zeroes where it does not say.
    """

    authenticator_id: str
    kind: Literal["totp", "passkey"]
    enrolled_at: datetime
    counts_from: datetime
    last_used_at: datetime | None = None
    disabled: bool = False
    transports: tuple[str, ...] = ()
    aaguid: str | None = None


class Authenticators(Struct, frozen=True):
    """All of an account's."""

    items: tuple[AuthenticatorView, ...]


async def make_passkey_link(call: Call) -> Response:
    """POST /v1/accounts/{account_id}/passkey-links."""
    account_id = call.path("account_id")
    body = await call.body(PasskeyLinkBody)
    link, expires_ms = await call.api.enroller.link(
        account_id, body.expires_in_s, body.label, body.locale, caller(call)
    )
    return reply(PasskeyLink(link, instant(expires_ms)), 201)


async def list_authenticators(call: Call) -> Response:
    """GET /v1/accounts/{account_id}/authenticators."""
    held = await call.api.enroller.held(call.path("account_id"), caller(call))
    return reply(Authenticators((*_app(held), *_passkeys(held))))


def _app(held: Held) -> list[AuthenticatorView]:
    app = held.app
    if app is None or app.confirmed_ms is None:
        return []
    rests_ms = AUTHENTICATOR_REST_S * MS if app.replaced else 0
    view = AuthenticatorView(
        authenticator_id=app.authenticator_id,
        kind="totp",
        enrolled_at=instant(app.confirmed_ms),
        counts_from=instant(app.confirmed_ms + rests_ms),
        disabled=app.disabled_ms is not None,
    )
    return [view]


def _passkeys(held: Held) -> list[AuthenticatorView]:
    return [
        AuthenticatorView(
            authenticator_id=one.passkey_id,
            kind="passkey",
            enrolled_at=instant(one.made_ms),
            counts_from=instant(one.rests_until_ms),
            last_used_at=None if one.used_ms is None else instant(one.used_ms),
            transports=one.transports,
            aaguid=one.aaguid,
        )
        for one in held.passkeys
    ]


OPERATIONS: Final = (
    Operation(
        "POST", "/v1/accounts/{account_id}/passkey-links", "Make a link to enrol a passkey by",
        make_passkey_link, scopes=("tokens",), takes=PasskeyLinkBody, gives=PasskeyLink, status=201,
    ),
    Operation(
        "GET", ALL, "List what an account proves itself by", list_authenticators,
        scopes=("tokens", "read", "admin"), gives=Authenticators,
    ),
)  # fmt: skip
