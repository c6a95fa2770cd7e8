"""Daily figures for the console, who used which identifier, and indexes for an account's timeline."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_INDEXES = (
    ("ix_outcomes_account", "outcomes", ["program_id", "account_id", "told_ms", "seq"]),
    ("ix_step_ups_account", "step_ups", ["program_id", "account_id", "passed_ms", "seq"]),
    ("ix_labels_event", "labels", ["program_id", "event_id", "labelled_ms", "seq"]),
)
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _small(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.SmallInteger(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables, empty: the worker reads the record from its beginning."""
    for name in ("partner_id", "store_id"):
        op.add_column("decisions", sa.Column(name, sa.Text(), nullable=True))
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)
    op.create_table("review_cursors", *_text("source"), *_whole("seq"), sa.PrimaryKeyConstraint("source"))
    op.execute("INSERT INTO review_cursors VALUES ('record', 0), ('labels', 0), ('uses', 0)")
    _figures()
    _identifiers()


def _figures() -> None:
    op.create_table(
        "daily_figures",
        *_text("program_id"),
        *_small("whole"),
        *_text("figure"),
        sa.Column("day", sa.Integer(), nullable=False),
        *_text("name", "partner_id", "store_id"),
        *_whole("count"),
        sa.PrimaryKeyConstraint("program_id", "whole", "figure", "day", "name", "partner_id", "store_id"),
    )
    for place in ("partner", "store"):
        op.create_index(
            f"ix_daily_figures_{place}", "daily_figures", ["program_id", f"{place}_id", "figure", "day"]
        )
    op.create_table(
        "counted_decisions",
        sa.Column("seq", _SEQUENCE, nullable=False),
        *_text("verdict"),
        *_small("passed", "burned"),
        sa.PrimaryKeyConstraint("seq"),
    )


def _identifiers() -> None:
    op.create_table(
        "identifiers",
        *_text("program_id", "kind"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        *_whole("accounts"),
        sa.PrimaryKeyConstraint("program_id", "kind", "digest"),
    )
    op.create_table(
        "identifier_uses",
        *_text("program_id", "kind"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        *_text("account_id"),
        *_whole("first_ms", "last_ms", "events"),
        *_text("decision_id", "country"),
        sa.PrimaryKeyConstraint("program_id", "kind", "digest", "account_id"),
    )
    op.create_index(
        "ix_identifier_uses_account", "identifier_uses", ["program_id", "account_id", "kind", "last_ms"]
    )


def downgrade() -> None:
    """Take them away."""
    for name in ("identifier_uses", "identifiers", "counted_decisions", "daily_figures", "review_cursors"):
        op.drop_table(name)
    for name, table, _ in reversed(_INDEXES):
        op.drop_index(name, table)
    for name in ("store_id", "partner_id"):
        op.drop_column("decisions", name)
