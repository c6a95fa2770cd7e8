"""What analysts did from cases, and how it is taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "case_acts",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        *[
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("act_id", "case_id", "program_id", "account_id", "name", "state", "actor")
        ],
        *[sa.Column(name, sa.BigInteger(), nullable=False) for name in ("at_ms", "version")],
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("asked", "effects", "undoing")],
        sa.Column("undoable", sa.SmallInteger(), nullable=False),
        sa.Column("undone_by", sa.Text()),
        sa.Column("undone_ms", sa.BigInteger()),
        *[sa.Column(name, sa.LargeBinary()) for name in ("sealed", "key_id")],
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("act_id"),
    )
    op.create_index("ix_case_acts_case", "case_acts", ["case_id", "seq"])
    op.create_table(
        "case_act_accounts",
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("act_id", "account_id", "program_id")],
        sa.Column("closes", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("act_id", "account_id"),
    )
    op.create_index("ix_case_act_accounts_account", "case_act_accounts", ["program_id", "account_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("case_act_accounts")
    op.drop_table("case_acts")
