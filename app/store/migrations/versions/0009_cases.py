"""Cases: whom they are about, the decisions behind them, every move and note, and how far the record is read."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def _text(*names: str, null: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=null) for name in names]


def _whole(*names: str, null: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=null) for name in names]


def _small(*names: str, null: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.SmallInteger(), nullable=null) for name in names]


def _sum() -> list[sa.Column[int]]:
    return _whole("decisions", "challenged", "reviewed", "blocked")


def _score() -> sa.Column[float]:
    return sa.Column("risk_score", sa.Double(), nullable=False)


def _seq() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("seq", kind, primary_key=True, autoincrement=True)


def upgrade() -> None:
    """Make the tables. Cases begin with the next decision: what was decided before opens none."""
    _cases()
    _parts()
    _said()
    op.create_table("case_cursors", *_text("source"), *_whole("seq"), sa.PrimaryKeyConstraint("source"))
    op.execute(
        "INSERT INTO case_cursors (source, seq) SELECT 'decisions', COALESCE(MAX(seq), 0) FROM record_head"
    )


def _cases() -> None:
    op.create_table(
        "cases",
        _seq(),
        *_text("case_id", "program_id", "kind", "state", "account_id", "cause", "typology"),
        *_small("priority"),
        _score(),
        *_whole("points", "value_minor", "loss_minor"),
        *_sum(),
        sa.Column("accounts", sa.Integer(), nullable=False),
        *_text("reasons", "recommendation"),
        *_whole("rank", "opened_ms", "changed_ms"),
        *_whole("touch_ms", null=True),
        *_whole("due_ms"),
        *_whole("touched_ms", null=True),
        *_small("escalated"),
        *_text("assignee", null=True),
        *_whole("lease_ms", null=True),
        *_text("waiting_for", null=True),
        *_whole("wake_ms", "hold_ms", null=True),
        *_text("proposal", "proposed", "proposed_by", "resolution", "merged_into", null=True),
        *_whole("closed_ms", null=True),
        *_text("closed_by", null=True),
        *_small("overridden", null=True),
        *_whole("spent_ms", null=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        *_whole("version"),
        sa.UniqueConstraint("case_id"),
    )
    for name in ("rank", "due_ms", "opened_ms", "value_minor"):
        index = f"ix_cases_{name.removesuffix('_ms').removesuffix('_minor')}"
        op.create_index(index, "cases", ["program_id", name, "seq"])
    op.create_index("ix_cases_counts", "cases", ["program_id", "state", "priority", "typology"])
    _partial("ix_cases_queue", "cases", ["program_id", "rank", "seq"], "state <> 'closed'")
    for name in ("wake", "hold", "lease"):
        _partial(f"ix_cases_{name}", "cases", [f"{name}_ms"], f"{name}_ms IS NOT NULL")


def _parts() -> None:
    op.create_table(
        "case_accounts",
        *_text("case_id", "account_id", "program_id"),
        *_small("is_open"),
        *_whole("left_ms", null=True),
        *_text("why"),
        *_whole("joined_ms"),
        _score(),
        *_whole("gained_points", "spent_points"),
        *_sum(),
        *_text("typology", "reasons"),
        sa.PrimaryKeyConstraint("case_id", "account_id"),
    )
    account = ["program_id", "account_id"]
    _partial("uq_case_accounts_open", "case_accounts", account, "is_open = 1", unique=True)
    op.create_index("ix_case_accounts_account", "case_accounts", account)
    op.create_table(
        "case_decisions",
        *_text("case_id"),
        *_whole("seq"),
        *_text("decision_id", "program_id", "account_id", "type"),
        *_whole("occurred_ms"),
        *_text("decision"),
        _score(),
        sa.PrimaryKeyConstraint("case_id", "seq"),
    )
    op.create_index("ix_case_decisions_decision", "case_decisions", ["program_id", "decision_id"])
    op.create_table(
        "case_places",
        *_text("case_id", "kind", "value", "program_id"),
        sa.PrimaryKeyConstraint("case_id", "kind", "value"),
    )
    op.create_index("ix_case_places_value", "case_places", ["program_id", "kind", "value", "case_id"])


def _said() -> None:
    op.create_table(
        "case_moves",
        _seq(),
        *_text("case_id", "program_id"),
        *_whole("at_ms"),
        *_text("actor", "move", "from_state", "to_state"),
        *_whole("version"),
        *_text("detail"),
        *_text("before", null=True),
        *_text("account_id"),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("key_id", sa.LargeBinary()),
    )
    op.create_index("ix_case_moves_case", "case_moves", ["case_id", "seq"])
    op.create_table(
        "case_notes",
        _seq(),
        *_text("note_id", "case_id", "program_id", "account_id"),
        *_whole("at_ms"),
        *_text("actor"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("note_id"),
    )
    op.create_index("ix_case_notes_case", "case_notes", ["case_id", "seq"])


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    """Take them away."""
    for name in (
        "case_cursors", "case_notes", "case_moves", "case_places", "case_decisions", "case_accounts", "cases",
    ):  # fmt: skip
        op.drop_table(name)
