"""The tables of what people say: shared contexts, verdicts on pairs, and the labels that decisions mind.

They share the record's `metadata`: one database, one migration history.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, SmallInteger, Table, Text

from app.store.sql.tables import Sequence, metadata

feedback_head = Table(
    "feedback_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)
"""One row. Every act moves it and holds it until the commit, so that versions become visible in order: who has heard
one has missed nothing before it."""

shared_contexts = Table(
    "shared_contexts",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("context_id", Text, nullable=False, unique=True),
    Column("program_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sealed_value", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("context", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Index("ix_shared_contexts_newest", "program_id", "created_ms", "seq"),
)
"""`digest`: empty for a network, which is compared by its range."""

pair_verdicts = Table(
    "pair_verdicts",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("other_id", Text, primary_key=True),
    Column("account_key", LargeBinary, nullable=False),
    Column("other_key", LargeBinary, nullable=False),
    Column("verdict", Text),
    Column("author", Text, nullable=False),
    Column("judged_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Column("sealed_reason", LargeBinary, nullable=False),
    Column("key_id", LargeBinary, nullable=False),
    Column("other_key_id", LargeBinary, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("ix_pair_verdicts_version", "version"),
    Index("ix_pair_verdicts_other", "program_id", "other_id"),
)
"""The last word on each two accounts, the lesser id first; NULL where it was withdrawn. `sealed_reason`: under the keys
of both, one inside the other, so that erasing either closes it."""

account_words = Table(
    "account_words",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("account_key", LargeBinary, nullable=False),
    Column("label", Text, nullable=False),
    Column("typology", Text),
    Column("label_id", Text, nullable=False),
    Column("said_ms", BigInteger, nullable=False),
    Column("codes", LargeBinary, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("ix_account_words_version", "version"),
)
"""The last label of an account (`subject` empty) and of each of its events (`subject` its id). `codes`: MessagePack."""
