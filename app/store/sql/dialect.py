"""What the two databases do not share in SQLAlchemy: inserts that mind what is already there."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table

Insert = postgresql.Insert | sqlite.Insert
Minding = Callable[[Insert], Insert]
"""An insert, told what to do where a row is there already; one function of a module, so that it is compiled once."""
_Compiled = tuple[str, Callable[[dict[str, Any]], Any] | None]
_compiled: Final[dict[tuple[object, ...], _Compiled]] = {}
"""By dialect, table, what it minds and columns: as many as there are places that insert."""


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """`insert_rows`, passing over rows of which any unique key is taken."""
    insert_rows(connection, table, rows, _passing_over)


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], minding: Minding | None = None
) -> None:
    """
    Insert many rows by one statement.

    The rows go to the driver as they are, every one with the same columns and values the driver knows (int,
    float, str, bytes, None): SQLAlchemy's own handling of parameters would cost as much as the insert.
    """
    if not rows:
        return
    dialect, columns = connection.dialect, tuple(rows[0])
    its = (dialect.name, dialect.paramstyle, table, minding, columns)
    if its not in _compiled:
        _compiled[its] = _compile(connection, table, columns, minding)
    statement, positions = _compiled[its]
    # bound by name, an appended entry costs 50 µs instead of 43
    connection.exec_driver_sql(statement, list(rows if positions is None else map(positions, rows)))


def _compile(
    connection: Connection, table: Table, columns: tuple[str, ...], minding: Minding | None
) -> _Compiled:
    dialect = connection.dialect
    plain = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    compiled = (minding(plain) if minding else plain).compile(dialect=dialect, column_keys=list(columns))
    names = compiled.positiontup
    if names is None:
        return str(compiled), None
    return str(compiled), itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)


def _passing_over(insert: Insert) -> Insert:
    return insert.on_conflict_do_nothing()
