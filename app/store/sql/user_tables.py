"""The tables of the people who use the console. Instants are BIGINT milliseconds since 1970-01-01 UTC.

They share the record's `metadata`: one database, one migration history.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, SmallInteger, Table, Text

from app.store.sql.tables import metadata

users = Table(
    "users",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("email_hash", LargeBinary, nullable=False, unique=True),
    Column("sealed_email", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("disabled_ms", BigInteger),
    Column("version", BigInteger, nullable=False),
    Column("password_hash", Text),
    Column("sealed_seed", LargeBinary),
    Column("totp_step", BigInteger, nullable=False),
)
"""`scope` is JSON: lists of programmes, partners and stores, null for no limit. `version` counts what ends the user's
sessions. `totp_step` is the last step of their app that was used: none before it is good again."""

user_sessions = Table(
    "user_sessions",
    metadata,
    Column("session_hash", LargeBinary, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("ticket_hash", LargeBinary, nullable=False, unique=True),
    Column("agent", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Index("ix_user_sessions_user", "user_id", "seen_ms"),
)
"""One counts while its `version` is its user's. `ticket_hash`: what it was begun by, which begins no second one."""

user_links = Table(
    "user_links",
    metadata,
    Column("link_hash", LargeBinary, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    Index("ix_user_links_user", "user_id"),
)

user_requests = Table(
    "user_requests",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("request_id", Text, nullable=False),
    Column("wanted", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
)
"""What waits for a second person; one for each user. It counts while its `version` is its user's."""

user_codes = Table(
    "user_codes",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("code_hash", LargeBinary, primary_key=True),
    Column("used_ms", BigInteger),
)
"""Recovery codes, each good once."""

user_passkeys = Table(
    "user_passkeys",
    metadata,
    Column("passkey_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("credential_hash", LargeBinary, nullable=False, unique=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    Index("ix_user_passkeys_user", "user_id"),
)

user_tries = Table(
    "user_tries",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
    Column("tries", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
"""Wrong tries, of accounts that exist or not, and of addresses; none is taken before `until_ms`."""

user_managers = Table(
    "user_managers",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("changes", BigInteger, nullable=False),
)
"""One row, held by whoever changes a role or disables somebody: so that of two security admins who disable each other one
is left."""
