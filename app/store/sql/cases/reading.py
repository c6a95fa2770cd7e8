"""Reading cases: one with all that hangs on it, a page of a list, and how many there are of each kind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, or_, select, tuple_

from app.cases.ports import (
    Case,
    CaseAccount,
    CaseDecision,
    CaseFile,
    Counts,
    Filter,
    MoveRow,
    Note,
    Order,
    Scope,
)
from app.ports.record import Page
from app.seal import place
from app.store.sql.case_tables import (
    case_accounts,
    case_decisions,
    case_moves,
    case_notes,
    case_places,
    cases,
)
from app.store.sql.cases.rows import ACCOUNT, CASE, case_of, chosen_by, seen_by
from app.store.sql.cursor import Position, read_cursor, write_cursor
from app.store.sql.reach import Joined, reading
from app.store.sql.tables import account_keys

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from app.store.sql.account_keys import AccountKeys

_ORDERS: Final = {
    "rank": (cases.c.rank, b"R"),
    "due": (cases.c.due_ms, b"D"),
    "opened": (cases.c.opened_ms, b"O"),
    "value": (cases.c.value_minor, b"V"),
}
"""Order → its column and the tag of its cursors. `due` alone rises."""
MOVES_SHOWN: Final = 500
"""Of a case's moves and notes, the newest."""


class CaseReading:
    """What is read of cases. Every method raises RecordAway."""

    def __init__(self, engine: Engine | Joined, keys: AccountKeys) -> None:
        self._engine, self._keys = engine, keys

    def open_case(self, program_id: str, account_id: str) -> str | None:
        """The id of the account's open case."""
        of = case_accounts.c
        query = select(of.case_id).where(
            of.program_id == program_id, of.account_id == account_id, of.is_open == 1
        )
        with reading(self._engine) as connection:
            found: str | None = connection.scalar(query)
        return found

    def page(
        self, scope: Scope, chosen: Filter, order: Order, *, limit: int, cursor: str | None
    ) -> Page[Case]:
        """At most `limit` cases after the cursor. Raises BadCursor."""
        column, tag = _ORDERS[order]
        after = read_cursor(tag, cursor)
        query = select(*CASE, cases.c.seq).where(seen_by(scope), *chosen_by(scope.program_id, chosen))
        here = tuple_(column, cases.c.seq)
        if cursor is not None:
            there = tuple_(after.at_ms, after.seq)
            query = query.where(here > there if order == "due" else here < there)
        rising = order == "due"
        query = query.order_by(*((one if rising else one.desc()) for one in (column, cases.c.seq)))
        with reading(self._engine) as connection:
            rows = connection.execute(query.limit(limit + 1)).all()
        items = [case_of(row) for row in rows[:limit]]
        if len(rows) <= limit:
            return Page(items, None)
        last = rows[limit - 1]
        return Page(items, write_cursor(tag, Position(getattr(last, column.name), last.seq)))

    def some(self, scope: Scope, case_ids: Sequence[str]) -> Sequence[Case]:
        """These cases in the order given, without those that are not in the scope."""
        query = select(*CASE).where(seen_by(scope), cases.c.case_id.in_(case_ids))
        with reading(self._engine) as connection:
            found = {row.case_id: case_of(row) for row in connection.execute(query)}
        return [found[case_id] for case_id in case_ids if case_id in found]

    def counts(self, scope: Scope, chosen: Filter) -> Counts:
        """How many cases are chosen, exactly, and how they fall apart."""
        of = cases.c
        query = select(of.state, of.priority, of.typology, func.count().label("cases"))
        query = query.where(seen_by(scope), *chosen_by(scope.program_id, chosen))
        query = query.group_by(of.state, of.priority, of.typology)
        states: Counter[str] = Counter()
        priorities: Counter[int] = Counter()
        typologies: Counter[str] = Counter()
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        cells = {(row.state, row.priority, row.typology): row.cases for row in rows}
        for row in rows:
            states[row.state] += row.cases
            priorities[row.priority] += row.cases
            typologies[row.typology] += row.cases
        return Counts(states.total(), states, priorities, typologies, cells)

    def file(self, scope: Scope, case_id: str) -> CaseFile | None:
        """A case with all that hangs on it; None where there is none in the scope."""
        with reading(self._engine) as connection:
            row = connection.execute(select(*CASE).where(seen_by(scope), cases.c.case_id == case_id)).first()
            if row is None:
                return None
            places = connection.execute(
                select(case_places.c.kind, case_places.c.value)
                .where(case_places.c.case_id == case_id)
                .order_by(case_places.c.value)
            ).all()
            return CaseFile(
                case_of(row),
                _accounts(connection, case_id),
                _decisions(connection, case_id),
                self._notes(connection, case_id),
                self.moves(connection, case_id),
                [place.value for place in places if place.kind == "partner"],
                [place.value for place in places if place.kind == "store"],
            )

    def moves(self, connection: Connection, case_id: str, since: int = 0) -> Sequence[MoveRow]:
        """The moves of a case that led to a version after `since`, oldest first."""
        of = case_moves.c
        query = _with_key(case_moves).where(of.case_id == case_id, of.version > since)
        rows = connection.execute(query.order_by(of.seq.desc()).limit(MOVES_SHOWN)).all()
        return [
            MoveRow(
                row.seq, row.at_ms, row.actor, row.move, row.from_state, row.to_state, row.version,
                json.loads(row.detail), self._said(row, "case move", str(row.version)),
            )
            for row in reversed(rows)
        ]  # fmt: skip

    def _notes(self, connection: Connection, case_id: str) -> Sequence[Note]:
        """Also those of cases that were merged into it."""
        merged = select(cases.c.case_id).where(cases.c.merged_into == case_id)
        of = case_notes.c
        query = _with_key(case_notes).where(or_(of.case_id == case_id, of.case_id.in_(merged)))
        rows = connection.execute(query.order_by(of.seq.desc()).limit(MOVES_SHOWN)).all()
        return [
            Note(row.note_id, row.case_id, row.at_ms, row.actor, self._said(row, "case note", row.note_id))
            for row in reversed(rows)
        ]

    def _said(self, row: Any, *where: str) -> str | None:
        if row.sealed is None or row.wrapped_key is None:
            return None
        seal = self._keys.unwrap((row.program_id, row.account_id), row.wrapped_key)
        return seal.open(row.sealed, place(*where, row.case_id)).decode()


def _with_key(table: Any) -> Any:
    key = account_keys.c
    of = table.c
    return select(table, key.wrapped_key).outerjoin(
        account_keys,
        (key.program_id == of.program_id) & (key.account_id == of.account_id) & (key.key_id == of.key_id),
    )


def _accounts(connection: Connection, case_id: str) -> Sequence[CaseAccount]:
    of = case_accounts.c
    query = select(*ACCOUNT).where(of.case_id == case_id, of.left_ms.is_(None))
    return [
        CaseAccount(*row) for row in connection.execute(query.order_by(of.risk_score.desc(), of.account_id))
    ]


def _decisions(connection: Connection, case_id: str) -> Sequence[CaseDecision]:
    of = case_decisions.c
    query = select(*(of[name] for name in CaseDecision.__struct_fields__)).where(of.case_id == case_id)
    return [CaseDecision(*row) for row in connection.execute(query.order_by(of.seq.desc()))]
