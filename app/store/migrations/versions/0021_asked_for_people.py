"""What is asked for people of the console and waits for a second person."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "user_requests",
        *[
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("user_id", "request_id", "wanted", "role", "scope")
        ],
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("user_requests")
