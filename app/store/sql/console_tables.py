"""The tables of the console's own: views of the queue that people saved. Instants are BIGINT ms since 1970-01-01 UTC.

They share the record's `metadata`: one database, one migration history.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, SmallInteger, Table, Text, UniqueConstraint

from app.store.sql.tables import metadata

console_views = Table(
    "console_views",
    metadata,
    Column("view_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("program_id", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("is_shared", SmallInteger, nullable=False),
    Column("is_default", SmallInteger, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    UniqueConstraint("user_id", "name"),
    Index("ix_console_views_program", "program_id", "is_shared"),
)
"""`query`: as in the address, without personal data: no account is named in it. `is_default`: what its owner is shown
who asks for nothing; one a user."""
