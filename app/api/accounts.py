"""Accounts: their state and totals, what happened in them, and whom they are linked with."""

from __future__ import annotations

from typing import Final

from anyio import to_thread
from msgspec.structs import replace
from starlette.responses import Response

from app.api.account_state import account_state
from app.api.operation import Call, Operation, reply
from app.api.paging import CURSOR, LIMIT, instant, page_of
from app.api.wire import AccountState, AccountView, Links, Risk, TimelinePage, TimelineView, Totals
from app.problems import NOT_FOUND, Refused


async def account(call: Call) -> Response:
    """GET /v1/accounts/{account_id}."""
    names = call.principal.program_id, call.path("account_id")
    row = await to_thread.run_sync(call.api.record.account, *names)
    lock = await call.api.locks.standing(*names)
    state = await account_state(call, names[1], is_locked=lock is not None and lock.locked)
    open_case = await call.api.cases.open_case(*names)
    if row is None and lock is not None:
        return reply(_unseen(lock.account_id, state, open_case))
    if row is None:
        raise Refused(NOT_FOUND)
    view = AccountView(
        account_id=row.account_id,
        state=state,
        risk=Risk(row.last_risk_score, row.last_decision),
        open_case=open_case,
        totals=Totals(row.events, row.earned_points, row.redeemed_points, row.decisions),
        first_seen_at=instant(row.first_seen_ms),
        last_seen_at=instant(row.last_seen_ms),
    )
    return reply(view)


def _unseen(account_id: str, state: AccountState, open_case: str | None) -> AccountView:
    """An account of which nothing is known but how its lock stands."""
    return AccountView(
        account_id=account_id,
        state=state,
        risk=None,
        open_case=open_case,
        totals=Totals(0, 0, 0, {}),
        first_seen_at=None,
        last_seen_at=None,
    )


async def timeline(call: Call) -> Response:
    """GET /v1/accounts/{account_id}/timeline."""
    page = await page_of(call, call.api.record.timeline, call.path("account_id"))
    items = tuple(
        TimelineView(
            decision_id=item.decision.decision_id,
            decision=item.decision.decision,
            risk_score=item.decision.risk_score,
            source=item.decision.source,
            outcome=item.decision.outcome,
            event=replace(item.event, profile=None),
        )
        for item in page.items
    )
    return reply(TimelinePage(items, page.next_cursor))


async def links(call: Call) -> Response:
    """GET /v1/accounts/{account_id}/links."""
    found = await call.api.links(call.principal.program_id, call.path("account_id"))
    if found is None:
        raise Refused(NOT_FOUND)
    return reply(found)


READERS: Final = ("read", "admin")
OPERATIONS: Final = (
    Operation(
        "GET", "/v1/accounts/{account_id}", "Look up an account", account, READERS,
        fresh=True, gives=AccountView,
    ),
    Operation(
        "GET", "/v1/accounts/{account_id}/timeline", "List an account's events, newest first", timeline,
        READERS, fresh=True, gives=TimelinePage, query=(LIMIT, CURSOR),
    ),
    Operation(
        "GET", "/v1/accounts/{account_id}/links", "List the accounts held to be the same person's", links,
        READERS, fresh=True, gives=Links,
    ),
)  # fmt: skip
