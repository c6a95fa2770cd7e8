"""The tables of webhooks. Instants are BIGINT milliseconds since 1970-01-01 UTC.

They share the record's `metadata`: one database, one migration history.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from app.store.sql.tables import metadata

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("webhook_id", Text, primary_key=True),
    Column("program_id", Text, nullable=False),
    Column("events", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("failing_since_ms", BigInteger),
    Column("disabled_ms", BigInteger),
    Index("ix_webhook_endpoints_program", "program_id", "created_ms", "webhook_id"),
)
"""`events` is a JSON array. `sealed` holds the URL, which may carry a password of its own, and the signing secrets.
`state`: enabled, disabled. `failing_since_ms`: since when nothing has been delivered; NULL while it works."""

webhook_cursors = Table(
    "webhook_cursors",
    metadata,
    Column("source", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
"""How far each source is read: decisions, audit, labels. `messages` is the number given to a message last; its row is
the lock of whoever makes messages, or changes which endpoints there are."""

webhook_messages = Table(
    "webhook_messages",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("webhook_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Index("ix_webhook_messages_lane", "webhook_id", "state", "account_id", "number"),
    Index("ix_webhook_messages_newest", "webhook_id", "created_ms", "number"),
    Index("ix_webhook_messages_ended", "ended_ms"),
)
"""One message for each endpoint and event. `state`: waiting, sent, dead. `body` is sent byte for byte at every try.
`account_id` is empty where the event concerns no member."""

webhook_lanes = Table(
    "webhook_lanes",
    metadata,
    Column("webhook_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("next_ms", BigInteger, nullable=False),
    Index("ix_webhook_lanes_due", "webhook_id", "next_ms"),
)
"""A row for each endpoint and account with messages that wait: its first is due then, the others stand behind it.
Whoever sends holds the row by moving `next_ms` on."""
