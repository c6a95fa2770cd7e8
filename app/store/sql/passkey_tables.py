"""The tables of passkeys. Instants are BIGINT milliseconds since 1970-01-01 UTC; the record's `metadata` is shared."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, UniqueConstraint

from app.store.sql.tables import metadata

passkeys = Table(
    "passkeys",
    metadata,
    Column("passkey_id", Text, primary_key=True),
    Column("program_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("credential_hash", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", LargeBinary, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("rests_until_ms", BigInteger, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    Column("retired_ms", BigInteger),
    UniqueConstraint("program_id", "credential_hash"),
    Index("ix_passkeys_account", "program_id", "account_id"),
)
"""`sealed` is MessagePack of (credential id, public key, transports, aaguid) under the account's key of that `key_id`,
empty once it is forgotten; a credential is never enrolled twice."""

passkey_links = Table(
    "passkey_links",
    metadata,
    Column("link_hash", LargeBinary, primary_key=True),
    Column("program_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    Index("ix_passkey_links_expires", "expires_ms"),
)
"""Links to enrol by, each once. `link_hash` is SHA-256 of the challenge sealed into the link."""
