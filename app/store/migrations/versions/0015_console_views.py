"""Saved views of the queue, and an index for the cases that somebody has."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_ASSIGNED = sa.text("assignee IS NOT NULL")


def upgrade() -> None:
    """Make the table and the index."""
    op.create_table(
        "console_views",
        *[
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("view_id", "user_id", "name", "program_id", "query")
        ],
        *[sa.Column(name, sa.SmallInteger(), nullable=False) for name in ("is_shared", "is_default")],
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("view_id"),
        sa.UniqueConstraint("user_id", "name"),
    )
    op.create_index("ix_console_views_program", "console_views", ["program_id", "is_shared"])
    op.create_index(
        "ix_cases_assignee",
        "cases",
        ["program_id", "assignee"],
        sqlite_where=_ASSIGNED,
        postgresql_where=_ASSIGNED,
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_cases_assignee", "cases")
    op.drop_table("console_views")
