"""Caps and holds: what a decision reserved, until when points are held, and how a hold ended that nobody decided on."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

RESERVING = ("decisions", "outcomes", "step_ups")
HOLD_COLUMNS = (
    ("hold_until_ms", sa.BigInteger()),
    ("hold_end", sa.Text()),
    ("hold_ended_ms", sa.BigInteger()),
)


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    """Nothing was reserved, and what was held so far ends as it did: by itself."""
    for name in RESERVING:
        op.add_column(name, sa.Column("reserved", sa.LargeBinary()))
    for name, kind in HOLD_COLUMNS:
        op.add_column("decisions", sa.Column(name, kind))
    op.create_table(
        "holds",
        *_text("program_id", "decision_id"),
        sa.Column("due_ms", sa.BigInteger()),
        *_text("planned"),
        sa.PrimaryKeyConstraint("program_id", "decision_id"),
    )
    op.create_index("ix_holds_due", "holds", ["due_ms"])
    op.create_table(
        "hold_ends",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False),
        *_text("program_id", "decision_id", "account_id", "event_id", "how"),
        *_whole("ended_ms", "occurred_ms", "points"),
        *_text("effect"),
        sa.Column("reserved", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("program_id", "decision_id"),
    )


def downgrade() -> None:
    """Take them away."""
    for name in ("hold_ends", "holds"):
        op.drop_table(name)
    for name, _ in HOLD_COLUMNS:
        op.drop_column("decisions", name)
    for name in RESERVING:
        op.drop_column(name, "reserved")
