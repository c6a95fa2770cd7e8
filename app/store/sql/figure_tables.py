"""What the console's figures and pictures are read from: counted and gathered from the record by the worker.

All of it can be made again from the record: empty the tables, set the cursors to 0. They share the record's `metadata`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, SmallInteger, Table, Text

from app.store.sql.tables import Sequence, metadata

review_cursors = Table(
    "review_cursors",
    metadata,
    Column("source", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
"""How far each source is read: `record` and `labels` for the figures, `uses` for the identifiers. Whoever reads on holds
the rows."""

daily_figures = Table(
    "daily_figures",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("whole", SmallInteger, primary_key=True, autoincrement=False),
    Column("figure", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("partner_id", Text, primary_key=True),
    Column("store_id", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Index("ix_daily_figures_partner", "program_id", "partner_id", "figure", "day"),
    Index("ix_daily_figures_store", "program_id", "store_id", "figure", "day"),
    sqlite_with_rowid=False,
)
"""Counts by day (UTC, since 1970-01-01) of `app.reviewing.counting`. `whole` 1: of the programme, both ids empty; 0: of
one partner and store, empty where the event named none."""

counted_decisions = Table(
    "counted_decisions",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("verdict", Text, nullable=False),
    Column("passed", SmallInteger, nullable=False),
    Column("burned", SmallInteger, nullable=False),
)
"""How a decision stood when it was last counted, where a label or a passed challenge changed what it counts as. Others
stand as they were decided: a later word is counted by the difference."""

identifiers = Table(
    "identifiers",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("accounts", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How many accounts used a device, network address, payment instrument, mailbox, number or address."""

identifier_uses = Table(
    "identifier_uses",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("country", Text, nullable=False),
    Index("ix_identifier_uses_digest", "program_id", "kind", "digest", "account_id"),
    sqlite_with_rowid=False,
)
"""Which account used it, when, how often, and the decision on its latest event, where the value itself lies sealed.
`digest` is the keyed hash of `app.sighting`; `country`: where a network address is registered, else empty.

By account first: what a member uses again and again lies on one page, which each of their events touches anyway. Hashes
come at random, and their index is touched only by what is new: nothing in it changes."""
