"""What people opened of cases, in SQL; and which programme a case is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from app.console.cases.looks import PAGE_MOST_MS, Looked
from app.store.sql.case_tables import cases
from app.store.sql.console_tables import case_looks
from app.store.sql.moves import Moves
from app.store.sql.reach import in_one, reading

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_MOVES: Final = Moves("app.store.sql", "console_moves")


class SqlLooks:
    """`app.console.cases.looks.Looks`. Every method raises RecordAway."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def program_of(self, case_id: str) -> str | None:
        """The programme of a case; None where there is no such case."""
        with reading(self._engine) as connection:
            found: str | None = connection.scalar(
                select(cases.c.program_id).where(cases.c.case_id == case_id)
            )
        return found

    def look(self, case_id: str, user_id: str, what: str, now_ms: int) -> None:
        """Note that this user opened something of a case; the time since their last look counts for that one."""

        def look(connection: Connection) -> None:
            _MOVES(connection, "hold", user_id=user_id)  # of two pages asked for at once the time counts once
            _MOVES(connection, "leave", user_id=user_id, now_ms=now_ms, most=PAGE_MOST_MS)
            _MOVES(connection, "look", case_id=case_id, user_id=user_id, what=what, now_ms=now_ms)

        in_one(self._engine, look)

    def looked(self, case_id: str, user_id: str) -> Looked:
        """What this user opened of a case, in the order they first did."""
        of = case_looks.c
        query = select(of.what, of.spent_ms).where(of.case_id == case_id, of.user_id == user_id)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(of.first_ms, of.what)).all()
        return Looked(tuple(row.what for row in rows), sum(row.spent_ms for row in rows))
