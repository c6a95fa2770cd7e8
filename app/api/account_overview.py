"""An account from all sides, as the console's page has it: masked, in one answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final

from anyio import to_thread
from msgspec import UNSET, Meta, Struct
from starlette.responses import Response

from app.api.account_state import account_state
from app.api.operation import Call, Operation, reply
from app.api.paging import instant
from app.api.wire import AccountState, LinkedAccount, LinkEvidence, Risk, Totals
from app.cases.states import Resolution, State
from app.ports.journal import Action, Outcome
from app.problems import NOT_FOUND, Refused
from app.reviewing.overview import Linked, Overview
from app.users.rights import EVERYTHING

RiskScore = Annotated[float, Meta(ge=0, le=100)]


class StretchView(Struct, frozen=True):
    """Points earned and burned in 30 days."""

    since: datetime
    earned: int
    burned: int


class EarningView(Struct, frozen=True):
    """The last twelve stretches of 30 days, and what a usual member of the programme earns and burns in one."""

    stretches: tuple[StretchView, ...]
    usual_earned: float
    usual_burned: float


class BalanceView(Struct, frozen=True):
    """The balance after the last event that moved points. `estimated`: reckoned on, not told with it."""

    points: int
    at: datetime
    estimated: bool


class ThingView(Struct, frozen=True):
    """A device, network address or another thing it used; no value. `accounts`: that used it, this one included."""

    kind: str
    name: str
    accounts: int
    context: str | None
    last_used_at: datetime


class OverviewDecision(Struct, frozen=True):
    """One of its latest decisions."""

    decision_id: str
    type: str
    occurred_at: datetime
    points: int | None
    decision: Action
    risk_score: RiskScore
    outcome: Outcome | None
    reasons: tuple[str, ...]


class OverviewToken(Struct, frozen=True):
    """One of its latest tokens."""

    token_id: str
    purpose: str
    state: str
    points: int | None
    issued_at: datetime
    expires_at: datetime


class OverviewChallenge(Struct, frozen=True):
    """A decision that asked for proof, and when it was given."""

    decision_id: str
    occurred_at: datetime
    passed_at: datetime | None
    method: str | None


class OverviewCase(Struct, frozen=True):
    """A case it belongs to."""

    case_id: str
    state: State
    typology: str
    resolution: Resolution | None
    opened_at: datetime


class OverviewWord(Struct, frozen=True):
    """A label, or a change of its lock."""

    at: datetime
    what: str
    by: str


class AccountOverview(Struct, frozen=True, kw_only=True):
    """An account from all sides. `profile`: field to its value masked. Lists hold the latest 20, newest first."""

    account_id: str
    state: AccountState
    risk: Risk | None
    totals: Totals
    profile: Mapping[str, str]
    earning: EarningView | None
    balance: BalanceView | None
    links: tuple[LinkedAccount, ...]
    things: tuple[ThingView, ...]
    decisions: tuple[OverviewDecision, ...]
    tokens: tuple[OverviewToken, ...]
    challenges: tuple[OverviewChallenge, ...]
    cases: tuple[OverviewCase, ...]
    labels: tuple[OverviewWord, ...]
    locks: tuple[OverviewWord, ...]


async def overview(call: Call) -> Response:
    """GET /v1/accounts/{account_id}/overview."""
    names = call.principal.program_id, call.path("account_id")
    found = await to_thread.run_sync(call.api.overview, *names, EVERYTHING, call.api.clock())
    if found is None:
        raise Refused(NOT_FOUND)
    is_locked = found.lock is not None and found.lock.locked
    return reply(view(found, await account_state(call, names[1], is_locked=is_locked)))


def view(found: Overview, state: AccountState) -> AccountOverview:
    """As it is sent."""
    row = found.totals
    totals = Totals(0, 0, 0, {})
    if row is not None:
        totals = Totals(row.events, row.earned_points, row.redeemed_points, row.decisions)
    return AccountOverview(
        account_id=found.account_id,
        state=state,
        risk=None if row is None else Risk(row.last_risk_score, row.last_decision),
        totals=totals,
        profile=found.who,
        earning=_earning(found),
        balance=_balance(found),
        links=tuple(map(_linked, found.links)),
        things=tuple(
            ThingView(kind, item.use.name, item.use.accounts, item.context, instant(item.use.last_ms))
            for kind, items in found.things.items()
            for item in items
        ),
        decisions=tuple(
            OverviewDecision(
                one.decision_id, one.type, instant(one.at_ms), one.points, one.decision, one.risk_score,
                one.outcome, one.reasons,
            )
            for one in found.decisions
        ),
        tokens=tuple(
            OverviewToken(
                one.token_id, one.purpose, one.state, one.points, instant(one.issued_ms), instant(one.expires_ms)
            )
            for one in found.tokens
        ),
        challenges=tuple(
            OverviewChallenge(one.decision_id, instant(one.at_ms), _maybe(one.passed_ms), one.method)
            for one in found.challenges
        ),
        cases=tuple(
            OverviewCase(one.case_id, one.state, one.typology, one.resolution, instant(one.opened_ms))
            for one in found.cases
        ),
        labels=tuple(OverviewWord(instant(one.at_ms), one.what, one.actor) for one in found.labels),
        locks=tuple(OverviewWord(instant(one.at_ms), one.what, one.actor) for one in found.locks),
    )  # fmt: skip


def _earning(found: Overview) -> EarningView | None:
    if found.earning is None:
        return None
    stretches = tuple(
        StretchView(instant(one.from_ms), one.earned, one.burned) for one in found.earning.stretches
    )
    return EarningView(stretches, found.earning.usual_earned, found.earning.usual_burned)


def _balance(found: Overview) -> BalanceView | None:
    if not found.balance:
        return None
    last = found.balance[-1]
    return BalanceView(last.points, instant(last.at_ms), last.estimated)


def _linked(link: Linked) -> LinkedAccount:
    evidence = tuple(LinkEvidence(*one) for one in link.evidence)
    return LinkedAccount(link.account_id, link.probability, evidence, link.verdict or UNSET)


def _maybe(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else instant(at_ms)


OPERATIONS: Final = (
    Operation(
        "GET", "/v1/accounts/{account_id}/overview", "Look at an account from all sides, masked", overview,
        ("read", "admin"), fresh=True, gives=AccountOverview,
    ),
)  # fmt: skip
