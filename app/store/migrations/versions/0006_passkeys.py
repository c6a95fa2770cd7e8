"""Passkeys, the links they are enrolled by, and what a token falls back to."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _whole(*names: str, null: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=null) for name in names]


def _binary(*names: str) -> list[sa.Column[bytes]]:
    return [sa.Column(name, sa.LargeBinary(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables and the column."""
    op.create_table(
        "passkeys",
        *_text("passkey_id", "program_id", "account_id"),
        *_binary("credential_hash", "sealed", "key_id"),
        *_whole("made_ms", "rests_until_ms", "sign_count"),
        *_whole("used_ms", "retired_ms", null=True),
        sa.PrimaryKeyConstraint("passkey_id"),
        sa.UniqueConstraint("program_id", "credential_hash"),
    )
    op.create_index("ix_passkeys_account", "passkeys", ["program_id", "account_id"])
    op.create_table(
        "passkey_links",
        *_binary("link_hash"),
        *_text("program_id", "account_id"),
        *_whole("made_ms", "expires_ms"),
        *_whole("used_ms", null=True),
        sa.PrimaryKeyConstraint("link_hash"),
    )
    op.create_index("ix_passkey_links_expires", "passkey_links", ["expires_ms"])
    op.add_column("tokens", sa.Column("otp_fallback", sa.Text()))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("tokens", "otp_fallback")
    op.drop_table("passkey_links")
    op.drop_table("passkeys")
