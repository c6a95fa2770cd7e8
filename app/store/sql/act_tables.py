"""The tables of what analysts did from cases. Instants are BIGINT milliseconds since 1970-01-01 UTC.

They share the record's `metadata`: one database, one migration history.
"""

from __future__ import annotations

from collections.abc import Sequence as Names

from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, SmallInteger, Table, Text, select

from app.store.sql.tables import Sequence, metadata

case_acts = Table(
    "case_acts",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("act_id", Text, nullable=False, unique=True),
    Column("case_id", Text, nullable=False),
    Column("program_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("asked", Text, nullable=False),
    Column("effects", Text, nullable=False),
    Column("undoing", Text, nullable=False),
    Column("undoable", SmallInteger, nullable=False),
    Column("undone_by", Text),
    Column("undone_ms", BigInteger),
    Column("sealed", LargeBinary),
    Column("key_id", LargeBinary),
    Index("ix_case_acts_case", "case_id", "seq"),
)
"""Every act there was, written in the transaction that did it. `version`: of the case after it. `asked` (the act),
`effects` and `undoing` (what takes it back) are JSON without values that identify anybody; `sealed` is the reason, under
the key of that id of `account_id`, the case's."""

case_act_accounts = Table(
    "case_act_accounts",
    metadata,
    Column("act_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("program_id", Text, nullable=False),
    Column("closes", SmallInteger, nullable=False),
    Index("ix_case_act_accounts_account", "program_id", "account_id"),
)
"""Whom an act was about. `closes`: 1 while the account is closed by it."""


def closed_of(connection: Connection, program_id: str, names: Names[str]) -> frozenset[str]:
    """Those of these accounts that two people closed."""
    of = case_act_accounts.c
    query = select(of.account_id).where(of.program_id == program_id, of.account_id.in_(names), of.closes == 1)
    return frozenset(connection.scalars(query))
