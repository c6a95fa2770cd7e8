"""What the two databases do not share in SQLAlchemy: inserts that mind what is already there."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table

Insert = postgresql.Insert | sqlite.Insert


def insert_into(connection: Connection, table: Table) -> Insert:
    """An insert of this connection's dialect, to which `on_conflict_do_update` can be said."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """`insert_rows`, passing over rows of which any unique key is taken."""
    insert_rows(connection, insert_into(connection, table).on_conflict_do_nothing(), rows)


def insert_rows(connection: Connection, statement: Insert, rows: Sequence[dict[str, Any]]) -> None:
    """
    Insert many rows by one statement.

    The rows go to the driver as they are, every one with the same columns and values the driver knows (int,
    float, str, bytes, None): SQLAlchemy's own handling of parameters would cost as much as the insert.
    """
    if not rows:
        return
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    if compiled.positiontup is None:
        connection.exec_driver_sql(str(compiled), list(rows))
    else:  # bound by name, an appended entry costs 50 µs instead of 43
        connection.exec_driver_sql(str(compiled), list(map(itemgetter(*compiled.positiontup), rows)))
