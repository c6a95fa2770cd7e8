"""Challenges that were passed, and what that made of their decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the table and the columns."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "step_ups",
        sa.Column("seq", number, autoincrement=False, nullable=False),
        *_text("program_id", "decision_id", "account_id", "event_id", "method"),
        *_whole("passed_ms"),
        *_text("passed_by"),
        *_whole("occurred_ms", "points"),
        *_text("effect"),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("program_id", "decision_id"),
    )
    op.add_column("decisions", sa.Column("passed_ms", sa.BigInteger()))
    op.add_column("decisions", sa.Column("passed_method", sa.Text()))


def downgrade() -> None:
    """Take them away."""
    for name in ("passed_method", "passed_ms"):
        op.drop_column("decisions", name)
    op.drop_table("step_ups")
