"""The tables of tokens, codes, their outbox and the audit. Instants are BIGINT milliseconds since 1970-01-01 UTC.

They share the record's `metadata`: one database, one migration history.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.store.sql.tables import metadata

token_keys = Table(
    "token_keys",
    metadata,
    Column("use", Text, primary_key=True),
    Column("key_id", Text, primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("active_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
"""`use`: sign or vault. Random keys, wrapped by the service's; a row that is gone took its key with it."""

_SETTLES: Final = "settles IS NOT NULL"
_UNSETTLED: Final = "settles IS NOT NULL AND ended_ms IS NOT NULL AND settled_ms IS NULL"
"""Of few tokens at any time, so an index of these is nearly empty."""

tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("token_id", Text, nullable=False, unique=True),
    Column("program_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("campaign_id", Text),
    Column("reward", LargeBinary, nullable=False),
    Column("points", BigInteger),
    Column("face_value_minor", BigInteger),
    Column("currency", Text),
    Column("decision_id", Text),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("issued_ms", BigInteger, nullable=False),
    Column("not_before_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("vault_key", Text, nullable=False),
    Column("wrapped_key", LargeBinary),
    Column("ciphertext", LargeBinary),
    Column("otp_method", Text, nullable=False),
    Column("authenticator_id", Text),
    Column("channel", Text, nullable=False),
    Column("personal", LargeBinary, nullable=False),
    Column("key_id", LargeBinary, nullable=False),
    Column("recipient_hash", LargeBinary),
    Column("locale", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("delivered_ms", BigInteger),
    Column("policy_version", Text, nullable=False),
    Column("bulk_id", Text),
    Column("row_id", Text),
    Column("row_hash", LargeBinary),
    Column("otp_fallback", Text),
    Column("settles", Text),
    Column("settled_ms", BigInteger),
    Column("held_ms", BigInteger),
    Column("held_for", Text),
    Column("released_ms", BigInteger),
    UniqueConstraint("program_id", "bulk_id", "row_id"),
    Index("ix_tokens_newest", "program_id", "issued_ms", "token_id"),
    Index("ix_tokens_account", "program_id", "account_id", "issued_ms", "token_id"),
    Index("ix_tokens_campaign", "program_id", "campaign_id", "issued_ms", "token_id"),
    Index("ix_tokens_due", "state", "expires_ms"),
    Index(
        "ix_tokens_settles", "program_id", "settles",
        unique=True, sqlite_where=text(_SETTLES), postgresql_where=text(_SETTLES),
    ),
    Index(
        "ix_tokens_unsettled", "ended_ms",
        sqlite_where=text(_UNSETTLED), postgresql_where=text(_UNSETTLED),
    ),
)  # fmt: skip
"""`token_hash` is SHA-256 of the jti. `reward` is MessagePack of `tokens.token.Reward`; what budgets count of it has
columns of its own. `personal` is MessagePack of
(otp_to, recipient, metadata), sealed by the account's key of that `key_id`. `wrapped_key` and `ciphertext` are NULL
once the content is destroyed. `settles` is the decision whose outcome the token's end is; `settled_ms`: when that was
seen in the record. `held_ms`: since when the reward waits for a person, by the decision `held_for`; `released_ms`: when
one let it go on."""

link_openings = Table(
    "link_openings",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("session_hash", LargeBinary, primary_key=True),
    Column("opened_ms", BigInteger),
    Column("device", LargeBinary, nullable=False),
    Column("browser", LargeBinary, nullable=False),
    Column("country", Text, nullable=False),
    Column("check_id", Text),
    Column("kept_until_ms", BigInteger, nullable=False),
    Index("ix_link_openings_kept", "kept_until_ms"),
)
"""Each visit at a one-time link: keyed hashes of its device and of its kind of browser on its network, and the country
(ISO 3166-1, empty: not known). `opened_ms` is NULL where a backend redeems. `check_id`: the decision that asked it for
proof."""

redemptions = Table(
    "redemptions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("redemption_id", Text, nullable=False, unique=True),
    Column("token_id", Text, nullable=False),
    Column("program_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("campaign_id", Text),
    Column("reward", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("call_hash", LargeBinary, nullable=False),
    Column("sealed_answer", LargeBinary, nullable=False),
    Column("replay_until_ms", BigInteger),
    Index("ix_redemptions_account", "program_id", "account_id", "at_ms"),
    Index("ix_redemptions_replay", "replay_until_ms"),
)
"""The proof of single use: a token's hash is here once, ever. The row is the credit. `sealed_answer` is
emptied, and `replay_until_ms` with it, when it may no longer be given again."""

idempotent_calls = Table(
    "idempotent_calls",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("sealed_answer", LargeBinary, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Index("ix_idempotent_calls_until", "until_ms"),
)

campaign_budgets = Table(
    "campaign_budgets",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("campaign_id", Text, primary_key=True),
    Column("max_tokens", BigInteger),
    Column("max_points", BigInteger),
    Column("max_face_value_minor", BigInteger),
    Column("currency", Text),
    Column("tokens", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("face_value_minor", BigInteger, nullable=False),
)
"""Limits (NULL: none) and what of them is used by tokens that are live, frozen or redeemed: a row from the campaign's
first token on. Face values count in the budget's currency only."""

otp_subjects = Table(
    "otp_subjects",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("sends", Integer, nullable=False),
    Column("last_sent_ms", BigInteger),
    Column("ends_ms", BigInteger, nullable=False),
    Index("ix_otp_subjects_ends", "ends_ms"),
)
"""What was tried and sent for one token or decision, for life. The row is the lock of everything about it."""

otp_challenges = Table(
    "otp_challenges",
    metadata,
    Column("challenge_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("session_hash", LargeBinary, nullable=False),
    Column("method", Text, nullable=False),
    Column("authenticator_id", Text),
    Column("code_hash", LargeBinary, nullable=False),
    Column("digits", SmallInteger, nullable=False),
    Column("reference", Text, nullable=False),
    Column("sent_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("fails", Integer, nullable=False),
    Column("next_try_ms", BigInteger, nullable=False),
    Column("void", SmallInteger, nullable=False),
    Column("verified_ms", BigInteger),
    Column("used_ms", BigInteger),
    Index("ix_otp_challenges_subject", "kind", "hash", "session_hash", "sent_ms"),
    Index("ix_otp_challenges_expires", "expires_ms"),
)
"""A code sent, or the waiting for one of an app. `void`: another was sent since."""

otp_counts = Table(
    "otp_counts",
    metadata,
    Column("what", Text, primary_key=True),
    Column("whom", LargeBinary, primary_key=True),
    Column("slot", BigInteger, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Index("ix_otp_counts_until", "until_ms"),
)
"""Counts by time slot: fails of a client at a subject, tries of an account, codes to a recipient or of a programme."""

authenticators = Table(
    "authenticators",
    metadata,
    Column("authenticator_id", Text, primary_key=True),
    Column("program_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("sealed_seed", LargeBinary, nullable=False),
    Column("key_id", LargeBinary, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("confirmed_ms", BigInteger),
    Column("replaced", SmallInteger, nullable=False),
    Column("retired_ms", BigInteger),
    Column("last_step", BigInteger, nullable=False),
    Column("fails", Integer, nullable=False),
    Column("disabled_ms", BigInteger),
    Index("ix_authenticators_account", "program_id", "account_id"),
)
"""`sealed_seed` is sealed by the account's key of that `key_id`. `retired_ms`: another took its place, or it was
forgotten; its seed is empty then."""

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("program_id", Text, nullable=False),
    Column("token_hash", LargeBinary),
    Column("challenge_id", Text),
    Column("state", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("ended_ms", BigInteger),
    Column("why", Text, nullable=False),
    Index("ix_outbox_due", "state", "next_ms"),
    Index("ix_outbox_token", "token_hash"),
)
"""`state`: waiting, sent, bounced, failed, cancelled. `sealed` is emptied when it is no longer waiting. `challenge_id`:
whose code it carries; NULL in a message that delivers its token."""

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("program_id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("ip_hash", LargeBinary, nullable=False),
    Column("detail", Text, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)
"""Append-only. `mac` is over the row and the mac of the row before; no secret, no name, no address in it."""

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("head_mac", LargeBinary, nullable=False),
)
"""One row, the end of the chain: whoever appends holds its lock. `head_mac` is over `seq` and `mac`."""
