"""Daily figures and identifiers where a busy programme's worker finds them with few pages; indexes for queue health."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_REMADE = ("identifier_uses", "identifiers", "daily_figures")
_LIVE, _TOUCHED, _CLOSED, _MERGED = (
    sa.text(told)
    for told in (
        "state <> 'closed'",
        "touched_ms IS NOT NULL",
        "closed_ms IS NOT NULL",
        "merged_into IS NOT NULL",
    )
)
_HEALTH = (
    ("ix_cases_standing", ["program_id", "priority", "state", "due_ms", "opened_ms"], _LIVE),
    ("ix_cases_touched", ["program_id", "opened_ms", "touched_ms"], _TOUCHED),
    ("ix_cases_closed", ["program_id", "closed_ms", "due_ms", "opened_ms"], _CLOSED),
    ("ix_cases_merged", ["merged_into"], _MERGED),
)


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _digest() -> sa.Column[bytes]:
    return sa.Column("digest", sa.LargeBinary(), nullable=False)


def upgrade() -> None:
    """Make the tables anew and empty: the worker reads the record from its beginning."""
    for name in _REMADE:
        op.drop_table(name)
    _read_again()
    _figures(sqlite_with_rowid=False)
    _identifiers(sqlite_with_rowid=False)
    _uses(["program_id", "account_id", "kind", "digest"], sqlite_with_rowid=False)
    op.create_index(
        "ix_identifier_uses_digest", "identifier_uses", ["program_id", "kind", "digest", "account_id"]
    )
    for name, columns, which in _HEALTH:
        op.create_index(name, "cases", columns, sqlite_where=which, postgresql_where=which)


def downgrade() -> None:
    """As they were, and empty too."""
    for name, _, _ in _HEALTH:
        op.drop_index(name, "cases")
    for name in _REMADE:
        op.drop_table(name)
    _read_again()
    _figures()
    _identifiers()
    _uses(["program_id", "kind", "digest", "account_id"])
    op.create_index(
        "ix_identifier_uses_account", "identifier_uses", ["program_id", "account_id", "kind", "last_ms"]
    )


def _read_again() -> None:
    op.execute("DELETE FROM counted_decisions")
    op.execute("UPDATE review_cursors SET seq = 0 WHERE source IN ('record', 'labels', 'uses')")


def _figures(**how: bool) -> None:
    op.create_table(
        "daily_figures",
        *_text("program_id"),
        sa.Column("whole", sa.SmallInteger(), nullable=False),
        *_text("figure"),
        sa.Column("day", sa.Integer(), nullable=False),
        *_text("name", "partner_id", "store_id"),
        *_whole("count"),
        sa.PrimaryKeyConstraint("program_id", "whole", "figure", "day", "name", "partner_id", "store_id"),
        **how,
    )
    for place in ("partner", "store"):
        op.create_index(
            f"ix_daily_figures_{place}", "daily_figures", ["program_id", f"{place}_id", "figure", "day"]
        )


def _identifiers(**how: bool) -> None:
    op.create_table(
        "identifiers",
        *_text("program_id", "kind"),
        _digest(),
        *_whole("accounts"),
        sa.PrimaryKeyConstraint("program_id", "kind", "digest"),
        **how,
    )


def _uses(key: list[str], **how: bool) -> None:
    op.create_table(
        "identifier_uses",
        *_text("program_id", "kind"),
        _digest(),
        *_text("account_id"),
        *_whole("first_ms", "last_ms", "events"),
        *_text("decision_id", "country"),
        sa.PrimaryKeyConstraint(*key),
        **how,
    )
