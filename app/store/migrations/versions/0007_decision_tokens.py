"""Tokens whose end is the outcome of a decision: one for each decision, and whether that outcome is recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_SETTLES = sa.text("settles IS NOT NULL")
_UNSETTLED = sa.text("settles IS NOT NULL AND ended_ms IS NOT NULL AND settled_ms IS NULL")


def upgrade() -> None:
    """Make the columns and their indexes. Tokens issued before settle nothing."""
    op.add_column("tokens", sa.Column("settles", sa.Text()))
    op.add_column("tokens", sa.Column("settled_ms", sa.BigInteger()))
    op.create_index(
        "ix_tokens_settles",
        "tokens",
        ["program_id", "settles"],
        unique=True,
        sqlite_where=_SETTLES,
        postgresql_where=_SETTLES,
    )
    op.create_index(
        "ix_tokens_unsettled", "tokens", ["ended_ms"], sqlite_where=_UNSETTLED, postgresql_where=_UNSETTLED
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_tokens_unsettled", "tokens")
    op.drop_index("ix_tokens_settles", "tokens")
    op.drop_column("tokens", "settled_ms")
    op.drop_column("tokens", "settles")
