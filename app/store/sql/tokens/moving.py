"""Atomic moves: SQL in files of their own, their contract in the first line, and transactions repeated when beaten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, CursorResult, Engine, Row, text
from sqlalchemy.exc import IntegrityError

from app.ports import RecordAway
from app.store.sql.reach import writing

TRIES: Final = 4
"""Transactions beaten by another one are repeated; each time another one has made its way."""
_DEADLOCK: Final = "40P01"
"""PostgreSQL's SQLSTATE for the transaction it gave up so that others could go on."""

T = TypeVar("T")
AnyRow = Row[*tuple[Any, ...]]
Rows = CursorResult[*tuple[Any, ...]]


class Move:
    """
    A statement of `moves/`, run with named parameters.

    SQLAlchemy's `text` turns the names into what each driver wants, once; after that the statement goes to the driver
    as it is, since SQLAlchemy's own handling would cost as much as the statement.
    """

    def __init__(self, name: str) -> None:
        self._text = text((files(__package__) / "moves" / f"{name}.sql").read_text())
        self._compiled: dict[str, tuple[str, Sequence[str] | None]] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Rows:
        """Run it once."""
        statement, order = self._for(connection)
        given = dict(values) if order is None else tuple([values[name] for name in order])
        return connection.exec_driver_sql(statement, given)

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each of these; nothing is returned."""
        if not rows:
            return
        statement, order = self._for(connection)
        given: list[Any] = (
            list(rows) if order is None else [tuple([row[name] for name in order]) for row in rows]
        )
        connection.exec_driver_sql(statement, given)

    def _for(self, connection: Connection) -> tuple[str, Sequence[str] | None]:
        found = self._compiled.get(connection.dialect.name)
        if found is None:
            compiled: Any = self._text.compile(dialect=connection.dialect)
            found = self._compiled[connection.dialect.name] = str(compiled), compiled.positiontup
        return found


def in_one(engine: Engine, move: Callable[[Connection], T]) -> T:
    """
    What `move` returns, run in one transaction; repeated where another one was first with a unique row or got hold of
    our rows the other way round.

    Raises:
        RecordAway: Nothing was done.
        IntegrityError: A unique value is taken however often we look.
    """
    for _ in range(TRIES - 1):
        try:
            with writing(engine) as connection:
                return move(connection)
        except IntegrityError:
            continue
        except RecordAway as away:
            if getattr(getattr(away.__cause__, "orig", None), "sqlstate", None) != _DEADLOCK:
                raise
    with writing(engine) as connection:
        return move(connection)
