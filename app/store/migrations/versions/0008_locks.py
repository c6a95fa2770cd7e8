"""Locks on accounts: how each stands, every change there was, and the redemptions that members dispute."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _whole(*names: str, null: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=null) for name in names]


def upgrade() -> None:
    """Make the tables. Every account is open."""
    op.create_table(
        "account_locks",
        *_text("program_id", "account_id"),
        *_whole("version"),
        sa.Column("locked", sa.SmallInteger(), nullable=False),
        *_whole("changed_ms"),
        *_text("asked_by"),
        *_whole("tell_ms", null=True),
        sa.PrimaryKeyConstraint("program_id", "account_id"),
    )
    op.create_index("ix_account_locks_tell", "account_locks", ["tell_ms"])
    op.create_table(
        "lock_changes",
        *_text("program_id", "account_id"),
        *_whole("version"),
        sa.Column("locked", sa.SmallInteger(), nullable=False),
        *_whole("at_ms"),
        *_text("asked_by", "actor"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "account_id", "version"),
    )
    op.create_table(
        "disputes",
        *_text("program_id", "redemption_id", "account_id"),
        *_whole("at_ms"),
        sa.PrimaryKeyConstraint("program_id", "redemption_id"),
    )


def downgrade() -> None:
    """Take them away."""
    for name in ("disputes", "lock_changes", "account_locks"):
        op.drop_table(name)
