"""Checks at redemption: who opened a one-time link, and tokens whose reward waits for a person."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table and the columns. No token is held."""
    op.create_table(
        "link_openings",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_hash", sa.LargeBinary(), nullable=False),
        sa.Column("opened_ms", sa.BigInteger()),
        sa.Column("device", sa.LargeBinary(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("check_id", sa.Text()),
        sa.Column("kept_until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", "session_hash"),
    )
    op.create_index("ix_link_openings_kept", "link_openings", ["kept_until_ms"])
    op.add_column("tokens", sa.Column("held_ms", sa.BigInteger()))
    op.add_column("tokens", sa.Column("held_for", sa.Text()))
    op.add_column("tokens", sa.Column("released_ms", sa.BigInteger()))


def downgrade() -> None:
    """Take them away."""
    for name in ("released_ms", "held_for", "held_ms"):
        op.drop_column("tokens", name)
    op.drop_table("link_openings")
