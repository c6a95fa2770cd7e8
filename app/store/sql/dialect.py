"""The one spelling the two databases do not share in SQLAlchemy: an insert that minds what is already there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

Insert = postgresql.Insert | sqlite.Insert


def insert_into(connection: Connection, table: Table) -> Insert:
    """An insert of this connection's dialect, to which `on_conflict_do_update` can be said."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_new(connection: Connection, table: Table) -> Insert:
    """An insert that passes over rows of which any unique key is taken."""
    return insert_into(connection, table).on_conflict_do_nothing()
