"""The lines of an account's page: totals, decisions, tokens, challenges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import func, or_, select

from app.ports.rows import AccountRow
from app.reviewing.overview import ChallengeLine, DecisionLine, TokenLine
from app.store.sql.reach import reading
from app.store.sql.reviewing.scoping import of_place
from app.store.sql.tables import accounts, decisions
from app.store.sql.token_tables import tokens

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Engine, Select

    from app.users.rights import Scope

_its: Final = decisions.c
_ACTIONS: Final = {"allow": "allowed", "challenge": "challenged", "review": "reviewed", "block": "blocked"}
_TOKEN: Final = [*(tokens.c[name] for name in TokenLine._fields), tokens.c.released_ms]


class _Reason(msgspec.Struct):
    code: str


class _Answer(msgspec.Struct):
    reasons: list[_Reason] = []


_decode: Final = msgspec.json.Decoder(_Answer).decode


class SqlFacts:
    """`app.reviewing.overview.Facts`. Every method raises RecordAway."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def totals(self, program_id: str, account_id: str, scope: Scope) -> AccountRow | None:
        """Totals of everything recorded; for who sees some places only, of what happened there."""
        query = _whole(program_id, account_id)
        if not scope.is_whole_programme:
            query = _part(program_id, account_id, scope)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
            if row is None or not row.events:
                return None
            if not scope.is_whole_programme:
                newest = _decided(program_id, account_id, scope).limit(1)
                seen = connection.execute(newest).one()
                last = {"last_risk_score": seen.risk_score, "last_decision": seen.decision}
            else:
                last = {"last_risk_score": row.last_risk_score, "last_decision": row.last_decision}
        return AccountRow(
            program_id=program_id,
            account_id=account_id,
            first_seen_ms=row.first_seen_ms,
            last_seen_ms=row.last_seen_ms,
            events=row.events,
            earned_points=int(row.earned_points),
            redeemed_points=int(row.redeemed_points),
            decisions={action: int(getattr(row, name)) for action, name in _ACTIONS.items()},
            **last,
        )

    def decided(self, program_id: str, account_id: str, scope: Scope, limit: int) -> Sequence[DecisionLine]:
        """The account's latest decisions."""
        with reading(self._engine) as connection:
            rows = connection.execute(_decided(program_id, account_id, scope).limit(limit)).all()
        return [
            DecisionLine(
                row.decision_id, row.occurred_ms, row.type, row.points, row.decision, row.risk_score, row.source,
                row.outcome, _codes(row.answer),
            )
            for row in rows
        ]  # fmt: skip

    def tokens(self, program_id: str, account_id: str, limit: int) -> Sequence[TokenLine]:
        """The account's latest tokens."""
        query = (
            select(*_TOKEN)
            .where(tokens.c.program_id == program_id, tokens.c.account_id == account_id)
            .order_by(tokens.c.issued_ms.desc(), tokens.c.token_id.desc())
            .limit(limit)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        lines = [(TokenLine(*row[:-1]), row.released_ms) for row in rows]
        return [one if released is None else one._replace(held_ms=None) for one, released in lines]

    def challenged(
        self, program_id: str, account_id: str, scope: Scope, limit: int
    ) -> Sequence[ChallengeLine]:
        """The latest decisions that asked for proof."""
        asked = or_(_its.decision == "challenge", _its.passed_ms.is_not(None))
        query = _decided(program_id, account_id, scope).where(asked).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            ChallengeLine(
                row.decision_id, row.occurred_ms, row.type, row.points, row.passed_ms, row.passed_method
            )
            for row in rows
        ]


def _mine(program_id: str, account_id: str) -> ColumnElement[bool]:
    return (_its.program_id == program_id) & (_its.account_id == account_id)


def _whole(program_id: str, account_id: str) -> Select[Any]:
    return select(accounts).where(accounts.c.program_id == program_id, accounts.c.account_id == account_id)


def _part(program_id: str, account_id: str, scope: Scope) -> Select[Any]:
    def those(which: ColumnElement[bool]) -> Any:
        return func.count().filter(which)

    return select(
        func.count().label("events"),
        func.min(_its.occurred_ms).label("first_seen_ms"),
        func.max(_its.occurred_ms).label("last_seen_ms"),
        func.coalesce(
            func.sum(_its.points).filter((_its.type == "earn") & (_its.decision == "allow")), 0
        ).label("earned_points"),
        func.coalesce(func.sum(_its.burned), 0).label("redeemed_points"),
        *(those(_its.decision == action).label(name) for action, name in _ACTIONS.items()),
    ).where(_mine(program_id, account_id), of_place(decisions, scope))


def _decided(program_id: str, account_id: str, scope: Scope) -> Select[Any]:
    columns = (
        "decision_id", "occurred_ms", "type", "points", "decision", "risk_score", "source", "outcome", "answer",
        "passed_ms", "passed_method",
    )  # fmt: skip
    return (
        select(*(_its[name] for name in columns))
        .where(_mine(program_id, account_id), of_place(decisions, scope))
        .order_by(_its.occurred_ms.desc(), _its.seq.desc())
    )


def _codes(answer: bytes) -> tuple[str, ...]:
    return tuple(reason.code for reason in _decode(answer).reasons)
