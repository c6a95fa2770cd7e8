"""Rows of cases as values, and which rows somebody may see."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Row, and_, false, or_, select, text

from app.cases.flags import Figures
from app.cases.ports import Case, CaseAccount, Filter, Scope
from app.cases.states import STATES
from app.store.sql.case_tables import case_accounts, case_places, cases
from app.store.sql.moves import Moves

MOVES: Final = Moves("app.store.sql.cases", "moves")
AnyRow = Row[*tuple[Any, ...]]
CASE: Final = [cases.c[name] for name in Case.__struct_fields__]
ACCOUNT: Final = [case_accounts.c[name] for name in CaseAccount.__struct_fields__]
SUMMED: Final = ("gained_points", "spent_points", "decisions", "challenged", "reviewed", "blocked")
_LIVE: Final = text("cases.state <> 'closed'")
_MADE: Final = {"challenge": cases.c.challenged, "review": cases.c.reviewed, "block": cases.c.blocked}
"""Result → the column that counts such decisions."""
_FLAGS: Final = ("escalated", "overridden")


def case_of(row: AnyRow) -> Case:
    """A case, of a row with the columns `CASE`."""
    values = {name: getattr(row, name) for name in Case.__struct_fields__}
    values["reasons"] = tuple(json.loads(row.reasons))
    for name in _FLAGS:
        values[name] = None if values[name] is None else bool(values[name])
    return Case(**values)


def columns(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a case as the columns hold them."""
    return {name: _plain(value) for name, value in fields.items()}


def figures_of(row: AnyRow) -> Figures:
    """What a row of `case_accounts` knows of its account."""
    return Figures(
        risk_score=row.risk_score,
        **{name: getattr(row, name) for name in SUMMED},
        typology=row.typology,
        reasons=tuple(json.loads(row.reasons)),
    )


def seen_by(scope: Scope) -> ColumnElement[bool]:
    """The cases of this scope."""
    limits = [("partner", scope.partners), ("store", scope.stores)]
    touched = [_touched(scope.program_id, kind, sorted(ids)) for kind, ids in limits if ids is not None]
    return and_(cases.c.program_id == scope.program_id, *touched)


def chosen_by(program_id: str, chosen: Filter) -> list[Any]:
    """The conditions of a filter on a programme's cases."""
    of = cases.c
    listed = [
        (of.state, chosen.states), (of.priority, chosen.priorities), (of.typology, chosen.typologies),
        (of.kind, chosen.kinds), (of.resolution, chosen.resolutions),
    ]  # fmt: skip
    found: list[Any] = [column.in_(values) for column, values in listed if values]
    if chosen.states and "closed" not in chosen.states:
        found.append(_LIVE)  # said so that an index over live cases can be used
        if len(set(chosen.states)) == len(STATES) - 1:
            found.pop(0)
    bounds = [
        (chosen.opened_from_ms, of.opened_ms.__ge__), (chosen.opened_to_ms, of.opened_ms.__lt__),
        (chosen.value_from_minor, of.value_minor.__ge__), (chosen.value_to_minor, of.value_minor.__lt__),
        (chosen.due_before_ms, of.due_ms.__lt__), (chosen.mine, of.assignee.__eq__),
    ]  # fmt: skip
    found += [at(value) for value, at in bounds if value is not None]
    if chosen.reasons:
        found.append(or_(*(of.reasons.contains(f'"{code}"', autoescape=True) for code in chosen.reasons)))
    if chosen.decisions:
        found.append(or_(false(), *(_MADE[one] > 0 for one in chosen.decisions if one in _MADE)))
    if chosen.free_at_ms is not None:
        found.append(free(chosen.free_at_ms))
    for kind, value in (("partner", chosen.partner_id), ("store", chosen.store_id)):
        if value is not None:
            found.append(_touched(program_id, kind, [value]))
    if chosen.account_id is not None:
        its = select(case_accounts.c.case_id).where(
            case_accounts.c.program_id == of.program_id, case_accounts.c.account_id == chosen.account_id
        )
        found.append(of.case_id.in_(its.correlate(cases)))
    return found


def free(now_ms: int, actor: str | None = None) -> ColumnElement[bool]:
    """Nobody has it now, or the actor has."""
    of = cases.c
    ways = [of.assignee.is_(None), of.lease_ms.is_(None), of.lease_ms <= now_ms]
    return or_(*ways) if actor is None else or_(*ways, of.assignee == actor)


def _touched(program_id: str, kind: str, values: list[str]) -> ColumnElement[bool]:
    """Found at the places, not asked of each case of the programme: 100,000 of these take 120 ms."""
    place = case_places.c
    there = (place.program_id == program_id, place.kind == kind, place.value.in_(values))
    return cases.c.case_id.in_(select(place.case_id).where(*there))


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return msgspec.json.encode(value).decode() if isinstance(value, tuple) else value
