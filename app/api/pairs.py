"""What two accounts are to each other, as a person has judged it: one person's, a household's, or nobody's of both."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from anyio import to_thread
from msgspec import Meta, Struct
from starlette.responses import Response

from app.api.operation import Call, Operation, invalid, reply
from app.api.paging import expiry, instant
from app.api.tokens import caller
from app.api.wire import Name, Sentence
from app.feedback.desk import PairWish
from app.feedback.ports import PairRow, PairVerdict
from app.problems import NOT_FOUND, Refused
from detectors.event import Id, Instant

HOUSEHOLD_MOST: Final = 20
"""Accounts of one household: the largest families, and 190 pairs in one transaction."""


class VerdictBody(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the two are, and why. `author` defaults to the key's name; without `expires_at` it stays until removed."""

    verdict: PairVerdict
    reason: Sentence
    author: Name | None = None
    expires_at: Instant | None = None


class VerdictView(Struct, frozen=True, kw_only=True):
    """The last word on two accounts. `reason` is null where the data of one of them were erased."""

    account_id: str
    other_id: str
    verdict: PairVerdict
    reason: str | None
    author: str
    judged_at: datetime
    expires_at: datetime | None


class HouseholdBody(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The accounts of a family, and how that is known."""

    accounts: Annotated[tuple[Id, ...], Meta(min_length=2, max_length=HOUSEHOLD_MOST)]
    reason: Sentence
    author: Name | None = None


class HouseholdView(Struct, frozen=True):
    """A family as released."""

    accounts: tuple[str, ...]
    pairs: int


async def verdict(call: Call) -> Response:
    """GET /v1/accounts/{account_id}/links/{other_id}."""
    return reply(await _last(call))


async def judge(call: Call) -> Response:
    """PUT /v1/accounts/{account_id}/links/{other_id}."""
    account_id, other_id = call.path("account_id"), call.path("other_id")
    body = await call.body(VerdictBody)
    if account_id == other_id:
        raise Refused(NOT_FOUND)
    wish = PairWish(
        call.principal.program_id,
        (account_id, other_id),
        body.verdict,
        body.reason,
        body.author or call.principal.name,
        expiry(call, body.expires_at),
    )
    await call.api.feedback.judge_pair(wish, call.api.who(caller(call)))
    return reply(await _last(call))


async def withdraw(call: Call) -> Response:
    """DELETE /v1/accounts/{account_id}/links/{other_id}."""
    names = call.path("account_id"), call.path("other_id")
    program_id, who = call.principal.program_id, call.api.who(caller(call))
    if not await call.api.feedback.withdraw_pair(program_id, *names, who):
        raise Refused(NOT_FOUND)
    return Response(status_code=204)


async def release(call: Call) -> Response:
    """POST /v1/households."""
    body = await call.body(HouseholdBody)
    accounts = tuple(sorted(set(body.accounts)))
    if len(accounts) < len(body.accounts):
        raise invalid("/accounts", "must name every account once")
    author = body.author or call.principal.name
    who = call.api.who(caller(call))
    await call.api.feedback.release_household(call.principal.program_id, accounts, body.reason, author, who)
    return reply(HouseholdView(accounts, len(accounts) * (len(accounts) - 1) // 2))


async def _last(call: Call) -> VerdictView:
    account_id, other_id = call.path("account_id"), call.path("other_id")
    rows = await to_thread.run_sync(call.api.heard.pair_verdicts, call.principal.program_id, account_id)
    for row in rows:
        if {row.account_id, row.other_id} == {account_id, other_id} and row.verdict is not None:
            return _view(row, row.verdict, account_id, other_id)
    raise Refused(NOT_FOUND)


def _view(row: PairRow, said: PairVerdict, account_id: str, other_id: str) -> VerdictView:
    return VerdictView(
        account_id=account_id,
        other_id=other_id,
        verdict=said,
        reason=row.reason,
        author=row.author,
        judged_at=instant(row.judged_ms),
        expires_at=None if row.expires_ms is None else instant(row.expires_ms),
    )


PATH: Final = "/v1/accounts/{account_id}/links/{other_id}"
OPERATIONS: Final = (
    Operation(
        "GET", PATH, "What a person said of two accounts", verdict,
        scopes=("read", "admin"), gives=VerdictView,
    ),
    Operation(
        "PUT", PATH, "Say what two accounts are to each other", judge,
        scopes=("admin",), takes=VerdictBody, gives=VerdictView,
    ),
    Operation(
        "DELETE", PATH, "Take back what was said of two accounts", withdraw,
        scopes=("admin",), status=204, gives_media=None,
    ),
    Operation(
        "POST", "/v1/households", "Release a household: every two of these accounts", release,
        scopes=("admin",), takes=HouseholdBody, gives=HouseholdView,
    ),
)  # fmt: skip
