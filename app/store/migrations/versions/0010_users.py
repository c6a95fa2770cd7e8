"""People who use the console: who they are, what they prove themselves by, where they are signed in."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def _text(*names: str, null: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=null) for name in names]


def _whole(*names: str, null: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=null) for name in names]


def _bytes(*names: str, null: bool = False) -> list[sa.Column[bytes]]:
    return [sa.Column(name, sa.LargeBinary(), nullable=null) for name in names]


def upgrade() -> None:
    """Make the tables. There is nobody yet."""
    op.create_table(
        "users",
        *_text("user_id"),
        *_bytes("email_hash", "sealed_email"),
        *_text("role", "scope"),
        *_whole("created_ms"),
        *_whole("disabled_ms", null=True),
        *_whole("version"),
        *_text("password_hash", null=True),
        *_bytes("sealed_seed", null=True),
        *_whole("totp_step"),
        sa.PrimaryKeyConstraint("user_id"),
        sa.UniqueConstraint("email_hash"),
    )
    op.create_table(
        "user_sessions",
        *_bytes("session_hash"),
        *_text("user_id"),
        *_whole("version"),
        *_bytes("ticket_hash"),
        *_text("agent"),
        *_whole("made_ms", "seen_ms"),
        *_whole("ended_ms", null=True),
        sa.PrimaryKeyConstraint("session_hash"),
        sa.UniqueConstraint("ticket_hash"),
    )
    op.create_index("ix_user_sessions_user", "user_sessions", ["user_id", "seen_ms"])
    op.create_table(
        "user_links",
        *_bytes("link_hash"),
        *_text("user_id", "purpose"),
        *_whole("expires_ms"),
        *_whole("used_ms", null=True),
        sa.PrimaryKeyConstraint("link_hash"),
    )
    op.create_index("ix_user_links_user", "user_links", ["user_id"])
    op.create_table(
        "user_codes",
        *_text("user_id"),
        *_bytes("code_hash"),
        *_whole("used_ms", null=True),
        sa.PrimaryKeyConstraint("user_id", "code_hash"),
    )
    op.create_table(
        "user_passkeys",
        *_text("passkey_id", "user_id"),
        *_bytes("credential_hash", "sealed"),
        *_whole("sign_count", "made_ms"),
        *_whole("used_ms", null=True),
        sa.PrimaryKeyConstraint("passkey_id"),
        sa.UniqueConstraint("credential_hash"),
    )
    op.create_index("ix_user_passkeys_user", "user_passkeys", ["user_id"])
    op.create_table(
        "user_tries",
        *_text("kind"),
        *_bytes("hash"),
        *_whole("tries", "last_ms", "until_ms"),
        sa.PrimaryKeyConstraint("kind", "hash"),
    )
    managers = op.create_table(
        "user_managers",
        sa.Column("id", sa.SmallInteger(), nullable=False, autoincrement=False),
        *_whole("changes"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.bulk_insert(managers, [{"id": 1, "changes": 0}])


def downgrade() -> None:
    """Take them away."""
    for name in (
        "user_managers", "user_tries", "user_passkeys", "user_codes", "user_links", "user_sessions", "users",
    ):  # fmt: skip
        op.drop_table(name)
