"""Campaign budgets: held by a lock from the first look to the commit, so that no two issues see the same room."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec.structs import asdict, replace
from sqlalchemy import Connection, Engine, select

from app.store.sql.audit import Audit, Entry
from app.store.sql.moves import AnyRow
from app.store.sql.reach import in_one, reading
from app.store.sql.token_tables import campaign_budgets
from app.store.sql.tokens.rows import MOVES
from tokens.budget import Budget, OverBudget
from tokens.token import NewToken
from tokens.who import Who

_HOLD: Final = MOVES["hold_budget"]
_USE: Final = MOVES["use_budget"]
_LIMIT: Final = MOVES["limit_budget"]
_GIVE_BACK: Final = MOVES["give_back"]

Campaign = tuple[str, str]
"""Programme and campaign."""


class Held:
    """The budgets of these campaigns, locked until the commit. Every campaign has a row from its first token on."""

    def __init__(self, connection: Connection, campaigns: Iterable[Campaign]) -> None:
        self._connection = connection
        self._budgets = {
            campaign: _budget(_HOLD.run(connection, _named(campaign)).one()) for campaign in sorted(campaigns)
        }
        self._before = dict(self._budgets)

    def take(self, token: NewToken) -> OverBudget | None:
        """Use the token's part of its campaign's budget, or say what is short; a token of no campaign has room."""
        if token.campaign_id is None:
            return None
        campaign = (token.program_id, token.campaign_id)
        after = _with(self._budgets[campaign], token)
        if isinstance(after, OverBudget):
            return after
        self._budgets[campaign] = after
        return None

    def write(self) -> None:
        """Write down what was taken."""
        changed = [held for key, held in self._budgets.items() if held is not self._before[key]]
        _USE.run_many(self._connection, [asdict(held) for held in changed])


def give_back(connection: Connection, ended: Iterable[AnyRow]) -> None:
    """Return the parts of tokens that ended unredeemed; rows of `revoke.sql` or `expire.sql`."""
    parts: dict[tuple[str, str, str], list[int]] = {}
    for row in ended:
        if row.campaign_id is None:
            continue
        part = parts.setdefault((row.program_id, row.campaign_id, row.currency or ""), [0, 0, 0])
        part[0] += 1
        part[1] += row.points or 0
        part[2] += row.face_value_minor or 0
    for (program_id, campaign_id, currency), (tokens, points, face_value) in sorted(parts.items()):
        _GIVE_BACK.run(
            connection,
            {
                **_named((program_id, campaign_id)),
                "currency": currency,
                "tokens": tokens,
                "points": points,
                "face_value_minor": face_value,
            },
        )


def set_budget(engine: Engine, audit: Audit, budget: Budget, who: Who, now_ms: int) -> Budget:
    """Set a campaign's limits; what is used stays. Raises RecordAway."""

    def move(connection: Connection) -> Budget:
        _HOLD.run(connection, asdict(budget))
        found = _budget(_LIMIT.run(connection, asdict(budget)).one())
        entry = Entry(now_ms, budget.program_id, "budget.set", budget.campaign_id, *who, _limits(budget))
        audit.append(connection, [entry])
        return found

    return in_one(engine, move)


def read_budget(engine: Engine, program_id: str, campaign_id: str) -> Budget | None:
    """A campaign's budget; None where no token was issued for it and no limit set. Raises RecordAway."""
    wanted = select(campaign_budgets).where(
        campaign_budgets.c.program_id == program_id, campaign_budgets.c.campaign_id == campaign_id
    )
    with reading(engine) as connection:
        row = connection.execute(wanted).one_or_none()
    return None if row is None else _budget(row)


def _with(budget: Budget, token: NewToken) -> Budget | OverBudget:
    """The budget with the token in it, or what is short. Face values count in the budget's currency only."""
    reward = token.reward
    same = reward.currency is not None and reward.currency == budget.currency
    after = replace(
        budget,
        tokens=budget.tokens + 1,
        points=budget.points + (reward.points or 0),
        face_value_minor=budget.face_value_minor + ((reward.face_value_minor or 0) if same else 0),
    )
    if budget.max_tokens is not None and after.tokens > budget.max_tokens:
        return OverBudget(budget.campaign_id, "tokens")
    if budget.max_points is not None and reward.points and after.points > budget.max_points:
        return OverBudget(budget.campaign_id, "points")
    if budget.max_face_value_minor is not None and reward.face_value_minor:
        if not same:
            return OverBudget(budget.campaign_id, "currency")
        if after.face_value_minor > budget.max_face_value_minor:
            return OverBudget(budget.campaign_id, "face_value")
    return after


def _budget(row: AnyRow) -> Budget:
    return Budget(*row)


def _named(campaign: Campaign) -> dict[str, Any]:
    program_id, campaign_id = campaign
    return {"program_id": program_id, "campaign_id": campaign_id}


def _limits(budget: Budget) -> str:
    return (
        f"tokens {budget.max_tokens}, points {budget.max_points}, "
        f"face value {budget.max_face_value_minor} {budget.currency}"
    )
