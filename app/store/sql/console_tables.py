"""The tables of the console's own: views of the queue that people saved, and what they opened of
cases. Instants are BIGINT ms since 1970-01-01 UTC.

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

case_looks = Table(
    "case_looks",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("spent_ms", BigInteger, nullable=False),
    Index("ix_case_looks_user", "user_id", "last_ms"),
)
"""`what`: `why`, `timeline`, a decision's id, `device 3fa2c1`; no personal data. `spent_ms`: until the same person opened
the next page of any case, as far as that counts as reading."""
