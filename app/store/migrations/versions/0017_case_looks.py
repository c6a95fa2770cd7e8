"""What people opened of cases."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "case_looks",
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("case_id", "user_id", "what")],
        *[
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("first_ms", "last_ms", "times", "spent_ms")
        ],
        sa.PrimaryKeyConstraint("case_id", "user_id", "what"),
    )
    op.create_index("ix_case_looks_user", "case_looks", ["user_id", "last_ms"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("case_looks")
