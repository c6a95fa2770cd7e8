"""Atomic moves as SQL in files of their own, each with its contract in line one: one text for both databases."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Dialect, Row, TextClause, bindparam, text

AnyRow = Row[*tuple[Any, ...]]
Rows = CursorResult[*tuple[Any, ...]]

_COMMENT: Final = re.compile(r"^\s*--.*$", re.MULTILINE)
"""Taken off: a colon in it would be read as a parameter."""
_ROW_LOCK: Final = re.compile(r"\bFOR UPDATE(?: SKIP LOCKED)?\b")
"""SQLite knows none and needs none: a transaction that writes has the whole file to itself."""


class Move:
    """
    One statement, run with named parameters.

    SQLAlchemy's `text` turns the names into what each driver wants, once; after that the statement goes to the driver
    as it is, since SQLAlchemy's own handling would cost as much as the statement. Values are what drivers know; a list
    among them is for `IN :name`, which SQLAlchemy writes out anew for each length.
    """

    def __init__(self, sql: str) -> None:
        self._sql = _COMMENT.sub("", sql).strip()
        self._compiled: dict[str, tuple[str, Sequence[str] | None]] = {}
        self._with_lists: dict[tuple[str, tuple[str, ...]], TextClause] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Rows:
        """Run it once."""
        if lists := tuple(name for name, value in values.items() if isinstance(value, list)):
            return connection.execute(self._expanding(connection.dialect.name, lists), values)
        statement, order = self.compiled(connection.dialect)
        given = dict(values) if order is None else tuple([values[name] for name in order])
        return connection.exec_driver_sql(statement, given)

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each of these; nothing is returned."""
        if not rows:
            return
        statement, order = self.compiled(connection.dialect)
        given: list[Any] = (
            list(rows) if order is None else [tuple([row[name] for name in order]) for row in rows]
        )
        connection.exec_driver_sql(statement, given)

    def compiled(self, dialect: Dialect) -> tuple[str, Sequence[str] | None]:
        """As the driver gets it, and the names in order where it takes values by position."""
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled: Any = text(self._for(dialect.name)).compile(dialect=dialect)
            found = self._compiled[dialect.name] = str(compiled), compiled.positiontup
        return found

    def _expanding(self, dialect: str, lists: tuple[str, ...]) -> TextClause:
        if (dialect, lists) not in self._with_lists:
            names: list[Any] = [bindparam(name, expanding=True) for name in lists]
            self._with_lists[dialect, lists] = text(self._for(dialect)).bindparams(*names)
        return self._with_lists[dialect, lists]

    def _for(self, dialect: str) -> str:
        return _ROW_LOCK.sub("", self._sql) if dialect == "sqlite" else self._sql


class Moves:
    """
    The moves in a folder of a package, `moves["name"]`, or `moves(connection, "name", value=…)` to run one once.

    Args:
        package: Dotted name.
        folder: In it, with a file `<name>.sql` for each move.
    """

    def __init__(self, package: str, folder: str) -> None:
        self._folder = files(package) / folder
        self._read = lru_cache(maxsize=None)(self.__getitem__)

    def __getitem__(self, name: str) -> Move:
        """Read one."""
        return Move((self._folder / f"{name}.sql").read_text(encoding="utf-8"))

    def __call__(self, connection: Connection, name: str, **values: Any) -> CursorResult[Any]:
        """Run one, read once."""
        return self._read(name).run(connection, values)
