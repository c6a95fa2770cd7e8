"""What people let go from cases, so that much in small parts is seen."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Make the tables, empty: what was let go before counts for nobody."""
    op.create_table(
        "case_let_go",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_case_let_go_actor", "case_let_go", ["program_id", "actor", "at_ms"])
    op.create_table(
        "case_letting_go",
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("program_id", "actor")],
        sa.PrimaryKeyConstraint("program_id", "actor"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("case_letting_go")
    op.drop_table("case_let_go")
