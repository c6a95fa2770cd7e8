"""The tables of the record. Instants are BIGINT milliseconds since 1970-01-01 UTC, points are whole numbers.

A change here needs a migration beside it; a test compares the two. Later tables join the same `metadata`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

Sequence = BigInteger().with_variant(Integer, "sqlite")
"""SQLite clusters a table on its key only where the type says INTEGER; both hold 64 bits."""

metadata: Final = MetaData()

head = Table(
    "record_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
)
"""One row: the last sequence number given out, and how many decisions are held. Whoever appends holds its
lock, so sequence numbers become visible in order: a reader that stands at one has missed nothing below it."""

decisions = Table(
    "decisions",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("decision_id", Text, nullable=False, unique=True),
    Column("program_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("occurred_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("decision", Text, nullable=False),
    Column("shadow_decision", Text),
    Column("risk_score", Double, nullable=False),
    Column("source", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("points", BigInteger),
    Column("burned_at_decision", BigInteger),
    Column("burned", BigInteger),
    Column("outcome", Text),
    Column("outcome_ms", BigInteger),
    Column("body_hash", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("key_id", LargeBinary, nullable=False),
    Column("sealed_event", LargeBinary, nullable=False),
    Column("account_key", LargeBinary, nullable=False),
    Column("links", LargeBinary),
    Column("found", LargeBinary, nullable=False),
    Column("vector", LargeBinary),
    Column("passed_ms", BigInteger),
    Column("passed_method", Text),
    Column("partner_id", Text),
    Column("store_id", Text),
    Column("reserved", LargeBinary),
    Column("hold_until_ms", BigInteger),
    Column("hold_end", Text),
    Column("hold_ended_ms", BigInteger),
    UniqueConstraint("program_id", "event_id"),
    Index("ix_decisions_newest", "program_id", "occurred_ms", "seq"),
    Index("ix_decisions_timeline", "program_id", "account_id", "occurred_ms", "seq"),
)
"""`burned_at_decision` is as journalled, `burned` as the outcomes left it. `sealed_event` opens with the
account's key of that `key_id`; `links` is MessagePack. Where `passed_ms` is set the decision was `challenge` and
is `allow` since; what a redemption burned by it stands in `burned_at_decision` as if it had been allowed at once.
`reserved` are its parts of caps. `hold_end` is how a hold ended that nobody decided on, once it has.
`partner_id` and `store_id` are the event's, for those who may see only theirs; NULL too in rows older than they are."""

outcomes = Table(
    "outcomes",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("program_id", Text, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("told_ms", BigInteger, nullable=False),
    Column("told_by", Text, nullable=False),
    Column("occurred_ms", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("effect", Text, nullable=False),
    Column("reserved", LargeBinary),
    UniqueConstraint("program_id", "decision_id", "told_ms", "outcome", "told_by"),
    Index("ix_outcomes_account", "program_id", "account_id", "told_ms", "seq"),
)
"""Everything ever told, also of decisions not (yet) known. Shares the sequence of `decisions`."""

step_ups = Table(
    "step_ups",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("program_id", Text, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("passed_ms", BigInteger, nullable=False),
    Column("passed_by", Text, nullable=False),
    Column("occurred_ms", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("effect", Text, nullable=False),
    Column("reserved", LargeBinary),
    UniqueConstraint("program_id", "decision_id"),
    Index("ix_step_ups_account", "program_id", "account_id", "passed_ms", "seq"),
)
"""Challenges that were passed, each once. Shares the sequence of `decisions`."""

holds = Table(
    "holds",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("decision_id", Text, primary_key=True),
    Column("due_ms", BigInteger),
    Column("planned", Text, nullable=False),
    Index("ix_holds_due", "due_ms"),
)
"""Points held by decisions: until when, and how it ends if nobody decides. `due_ms` is NULL once it is over."""

hold_ends = Table(
    "hold_ends",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("program_id", Text, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("ended_ms", BigInteger, nullable=False),
    Column("occurred_ms", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("effect", Text, nullable=False),
    Column("reserved", LargeBinary),
    UniqueConstraint("program_id", "decision_id"),
)
"""Holds that nobody decided on, each once. Shares the sequence of `decisions`."""

accounts = Table(
    "accounts",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("account_key", LargeBinary, nullable=False),
    Column("first_seen_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("earned_points", BigInteger, nullable=False),
    Column("redeemed_points", BigInteger, nullable=False),
    Column("allowed", BigInteger, nullable=False),
    Column("challenged", BigInteger, nullable=False),
    Column("reviewed", BigInteger, nullable=False),
    Column("blocked", BigInteger, nullable=False),
    Column("last_risk_score", Double, nullable=False),
    Column("last_decision", Text, nullable=False),
    Index("ix_accounts_key", "program_id", "account_key"),
)
"""`account_key` is the account's entity key, by which links name it."""

links = Table(
    "links",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("account_key", LargeBinary, primary_key=True),
    Column("other_key", LargeBinary, primary_key=True),
    Column("probability", Double, nullable=False),
    Column("evidence", LargeBinary, nullable=False),
    Column("found_ms", BigInteger, nullable=False),
)
"""Each pair twice, once from either side. `evidence` is MessagePack."""

account_keys = Table(
    "account_keys",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("key_id", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
)
"""Each account's data key, sealed by the service's key. Without its row the account's events stay shut."""

labels = Table(
    "labels",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("label_id", Text, nullable=False, unique=True),
    Column("program_id", Text, nullable=False),
    Column("account_id", Text),
    Column("event_id", Text),
    Column("label", Text, nullable=False),
    Column("typology", Text),
    Column("source", Text, nullable=False),
    Column("labelled_ms", BigInteger, nullable=False),
    Column("labelled_by", Text, nullable=False),
    Index("ix_labels_newest", "program_id", "labelled_ms", "seq"),
    Index("ix_labels_account", "program_id", "account_id", "labelled_ms", "seq"),
    Index("ix_labels_event", "program_id", "event_id", "labelled_ms", "seq"),
)

policies = Table(
    "policies",
    metadata,
    Column("version", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("kept_ms", BigInteger, nullable=False),
)

list_entries = Table(
    "list_entries",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("entry_id", Text, nullable=False, unique=True),
    Column("program_id", Text, nullable=False),
    Column("list", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sealed_value", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Index("ix_list_entries_newest", "program_id", "list", "created_ms", "seq"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("program_id", Text, nullable=False),
    Column("stores", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Column("revoked_ms", BigInteger),
)
"""`scopes` and `stores` are JSON arrays of strings."""
