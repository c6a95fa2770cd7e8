"""Locking an account, and unlocking it: earning goes on, redeeming is frozen. Both can be asked for again and again."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct
from starlette.responses import Response

from app.api.operation import Call, Operation, reply
from app.api.paging import instant
from app.api.tokens import caller
from app.api.wire import AccountState, Name, Sentence
from app.ports.locks import LockedBy, LockRow
from tokens.token import Locale


class LockBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Why, in a few words and in a longer note, both kept sealed; and whose wish it is, where it is not your own."""

    reason: Name | None = None
    note: Sentence | None = None
    by: Literal["member", "backend", "analyst"] = "backend"


class LockView(Struct, frozen=True, kw_only=True):
    """How redeeming stands. `changed_at`, `by`: the last change; null where there was none."""

    account_id: str
    state: AccountState
    changed_at: datetime | None
    by: LockedBy | None


async def lock_account(call: Call) -> Response:
    """POST /v1/accounts/{account_id}/lock."""
    return await _changed(call, locked=True)


async def unlock_account(call: Call) -> Response:
    """POST /v1/accounts/{account_id}/unlock."""
    return await _changed(call, locked=False)


async def _changed(call: Call, *, locked: bool) -> Response:
    account_id, body = call.path("account_id"), await call.body(LockBody)
    row = await call.api.locks.change(
        account_id, caller(call), locked=locked, by=body.by, reason=body.reason, note=body.note
    )
    return reply(_view(row))


def _view(row: LockRow) -> LockView:
    changed = row.version > 0
    return LockView(
        account_id=row.account_id,
        state="locked" if row.locked else "active",
        changed_at=instant(row.changed_ms) if changed else None,
        by=row.asked_by if changed else None,
    )


class LockLinkBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A link to the member's page of their lock: for the member who is signed in with you, and for nobody else."""

    locale: Locale | None = None


class LockLink(Struct, frozen=True):
    """Whoever has the link can see how redeeming stands and switch it off, until it expires."""

    link: str
    expires_at: datetime


async def make_lock_link(call: Call) -> Response:
    """POST /v1/accounts/{account_id}/lock-links."""
    account_id, body = call.path("account_id"), await call.body(LockLinkBody)
    link, expires_ms = call.api.locks.link(account_id, caller(call), body.locale)
    return reply(LockLink(link, instant(expires_ms)), 201)


KEYS: Final = ("tokens", "admin")
OPERATIONS: Final = (
    Operation(
        "POST", "/v1/accounts/{account_id}/lock", "Lock an account: earning works, redeeming is frozen",
        lock_account, KEYS, takes=LockBody, gives=LockView,
    ),
    Operation(
        "POST", "/v1/accounts/{account_id}/unlock", "Unlock an account", unlock_account, KEYS,
        takes=LockBody, gives=LockView,
    ),
    Operation(
        "POST", "/v1/accounts/{account_id}/lock-links", "Make a link to the member's own page of their lock",
        make_lock_link, KEYS, takes=LockLinkBody, gives=LockLink, status=201,
    ),
)  # fmt: skip
