"""Accounts found by an id of theirs, and those that did something last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, literal, or_, select

from app.reviewing.finding import Hit, HitKind, Recent
from app.store.sql.case_tables import cases
from app.store.sql.reach import reading
from app.store.sql.reviewing.scoping import of_cases, of_place
from app.store.sql.tables import accounts, decisions
from app.store.sql.token_tables import tokens

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Engine, Select

    from app.users.rights import Scope

LOOKED_THROUGH: Final = 1_000
"""Decisions, the latest: those of some minutes to a day. Who sees few places may be shown few accounts."""
_NEXT: Final = select(func.min(accounts.c.program_id)).where(accounts.c.program_id > bindparam("after"))


class SqlFinding:
    """`app.reviewing.finding.Finding`. Every method raises RecordAway."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def programmes(self) -> Sequence[str]:
        """Programmes that have accounts, in order; one step in the index each."""
        found: list[str] = []
        with reading(self._engine) as connection:
            after = ""
            while (name := connection.scalar(_NEXT, {"after": after})) is not None:
                found.append(name)
                after = name
        return found

    def named(self, programs: Sequence[str], text: str, scope: Scope) -> Sequence[Hit]:
        """Everything of these programmes with exactly this id, as far as the scope shows it."""
        found: list[Hit] = []
        with reading(self._engine) as connection:
            for kind, query in _asked(list(programs), text, scope):
                found += [Hit(kind, *row) for row in connection.execute(query.limit(len(programs) + 1))]
        return found

    def recent(self, program_id: str, scope: Scope, limit: int) -> Sequence[Recent]:
        """The accounts of the latest decisions, the latest first, each once."""
        newest = (
            select(
                *(decisions.c[name] for name in Recent._fields if name != "at_ms"),
                decisions.c.occurred_ms.label("at_ms"),
                decisions.c.partner_id,
                decisions.c.store_id,
            )
            .where(decisions.c.program_id == program_id)
            .order_by(decisions.c.occurred_ms.desc(), decisions.c.seq.desc())
            .limit(LOOKED_THROUGH)
            .subquery()
        )
        query = select(*(newest.c[name] for name in Recent._fields)).where(of_place(newest, scope))
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        found: dict[str, Recent] = {}
        for row in rows:
            found.setdefault(row.account_id, Recent(*row))
        return list(found.values())[:limit]

    def places(self, decision_id: str) -> str | None:
        """The programme of a decision."""
        query = select(decisions.c.program_id).where(decisions.c.decision_id == decision_id)
        with reading(self._engine) as connection:
            program_id: str | None = connection.scalar(query)
        return program_id


def _asked(programs: list[str], text: str, scope: Scope) -> Sequence[tuple[HitKind, Select[Any]]]:
    """Kind → programme, id, account and instant of what has this id."""
    shown = of_place(decisions, scope)

    def decided(column: ColumnElement[str]) -> Select[Any]:
        its = decisions.c
        return select(its.program_id, column, its.account_id, its.occurred_ms).where(
            its.program_id.in_(programs), column == literal(text), shown
        )

    def beside(table: Any, column: ColumnElement[str], at: ColumnElement[int]) -> Select[Any]:
        """Of accounts that did something the scope shows."""
        query = select(table.c.program_id, column, table.c.account_id, at).where(
            table.c.program_id.in_(programs), column == literal(text)
        )
        if scope.is_whole_programme:
            return query
        theirs = select(decisions.c.seq).where(
            decisions.c.program_id == table.c.program_id,
            decisions.c.account_id == table.c.account_id,
            shown,
        )
        return query.where(theirs.exists())

    its_cases = beside(cases, cases.c.case_id, cases.c.opened_ms)
    return [
        ("account", beside(accounts, accounts.c.account_id, accounts.c.last_seen_ms)),
        ("decision", decided(decisions.c.decision_id)),
        ("event", decided(decisions.c.event_id)),
        ("token", beside(tokens, tokens.c.token_id, tokens.c.issued_ms)),
        ("case", its_cases.where(or_(of_cases(cases, scope)))),
    ]
