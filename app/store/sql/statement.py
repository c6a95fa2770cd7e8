"""A statement in a file of its own, its contract in the first line, given to the driver as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, text

AnyRow = Row[*tuple[Any, ...]]
Rows = CursorResult[*tuple[Any, ...]]


class Statement:
    """
    The statement `<name>.sql` of a folder, run with named parameters.

    SQLAlchemy's `text` turns the names into what each driver wants, once; after that the statement goes to the driver
    as it is, since SQLAlchemy's own handling would cost as much as the statement. Values are what drivers know.
    """

    def __init__(self, folder: Traversable, name: str) -> None:
        self._text = text((folder / f"{name}.sql").read_text(encoding="utf-8"))
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
