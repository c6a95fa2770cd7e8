"""The tables of locks on accounts. Instants are BIGINT milliseconds since 1970-01-01 UTC.

They share the record's `metadata`: one database, one migration history.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, SmallInteger, Table, Text

from app.store.sql.tables import metadata

account_locks = Table(
    "account_locks",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("locked", SmallInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("tell_ms", BigInteger),
    Index("ix_account_locks_tell", "tell_ms"),
)
"""How redeeming stands at an account. Whoever redeems a token holds the row until the commit, as whoever locks does, so
that one is first. `version` counts the changes; 0: nobody ever locked it. `tell_ms`: when the worker tells the hot
store, NULL where there is nothing to tell."""

lock_changes = Table(
    "lock_changes",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("locked", SmallInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", LargeBinary, nullable=False),
)
"""Every change there was. `sealed`: reason and note, MessagePack, under the account's key of that `key_id`."""

disputes = Table(
    "disputes",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("redemption_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""Redemptions of which a member said that it was not them, each once."""
