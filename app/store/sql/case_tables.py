"""The tables of cases. Instants are BIGINT milliseconds since 1970-01-01 UTC, money is in minor units.

They share the record's `metadata`: one database, one migration history.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from app.store.sql.tables import Sequence, metadata

_LIVE: Final = text("state <> 'closed'")
_OPEN: Final = text("is_open = 1")
_WAKES: Final = text("wake_ms IS NOT NULL")
_HELD: Final = text("hold_ms IS NOT NULL")
_LEASED: Final = text("lease_ms IS NOT NULL")
_ASSIGNED: Final = text("assignee IS NOT NULL")
_MERGED: Final = text("merged_into IS NOT NULL")
_TOUCHED: Final = text("touched_ms IS NOT NULL")
_CLOSED: Final = text("closed_ms IS NOT NULL")

cases = Table(
    "cases",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("case_id", Text, nullable=False, unique=True),
    Column("program_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("typology", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("risk_score", Double, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("value_minor", BigInteger, nullable=False),
    Column("loss_minor", BigInteger, nullable=False),
    Column("decisions", BigInteger, nullable=False),
    Column("challenged", BigInteger, nullable=False),
    Column("reviewed", BigInteger, nullable=False),
    Column("blocked", BigInteger, nullable=False),
    Column("accounts", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("recommendation", Text, nullable=False),
    Column("rank", BigInteger, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("touch_ms", BigInteger),
    Column("due_ms", BigInteger, nullable=False),
    Column("touched_ms", BigInteger),
    Column("escalated", SmallInteger, nullable=False),
    Column("assignee", Text),
    Column("lease_ms", BigInteger),
    Column("waiting_for", Text),
    Column("wake_ms", BigInteger),
    Column("hold_ms", BigInteger),
    Column("proposal", Text),
    Column("proposed", Text),
    Column("proposed_by", Text),
    Column("resolution", Text),
    Column("merged_into", Text),
    Column("closed_ms", BigInteger),
    Column("closed_by", Text),
    Column("overridden", SmallInteger),
    Column("spent_ms", BigInteger),
    Column("reopened", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("ix_cases_rank", "program_id", "rank", "seq"),
    Index("ix_cases_due", "program_id", "due_ms", "seq"),
    Index("ix_cases_opened", "program_id", "opened_ms", "seq"),
    Index("ix_cases_value", "program_id", "value_minor", "seq"),
    Index("ix_cases_counts", "program_id", "state", "priority", "typology"),
    Index(
        "ix_cases_asked", "program_id", "state", "priority", "typology", "kind", "resolution", "challenged", "reviewed",
        "blocked", "value_minor", "opened_ms", "due_ms", "assignee", "lease_ms", "case_id", "reasons",
    ),
    Index("ix_cases_queue", "program_id", "rank", "seq", sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index("ix_cases_wake", "wake_ms", sqlite_where=_WAKES, postgresql_where=_WAKES),
    Index("ix_cases_hold", "hold_ms", sqlite_where=_HELD, postgresql_where=_HELD),
    Index("ix_cases_lease", "lease_ms", sqlite_where=_LEASED, postgresql_where=_LEASED),
    Index("ix_cases_merged", "merged_into", sqlite_where=_MERGED, postgresql_where=_MERGED),
    Index("ix_cases_assignee", "program_id", "assignee", sqlite_where=_ASSIGNED, postgresql_where=_ASSIGNED),
    Index(
        "ix_cases_standing", "program_id", "priority", "state", "due_ms", "opened_ms",
        sqlite_where=_LIVE, postgresql_where=_LIVE,
    ),
    Index("ix_cases_touched", "program_id", "opened_ms", "touched_ms", sqlite_where=_TOUCHED, postgresql_where=_TOUCHED),
    Index(
        "ix_cases_closed", "program_id", "closed_ms", "due_ms", "opened_ms",
        sqlite_where=_CLOSED, postgresql_where=_CLOSED,
    ),
)  # fmt: skip
"""One row a case, see `app.cases.ports.Case`. `reasons` is a JSON array. What is counted and summed follows from
`case_accounts` and is kept here to be sorted by. Closed cases have no `wake_ms`, `hold_ms` or `lease_ms`.
`ix_cases_asked` holds all that a filter of the queue asks, with what its counts fall apart by: an entry takes 180 bytes,
`reasons` being a few codes. The last three indexes hold all that the queue's health is told from."""

case_accounts = Table(
    "case_accounts",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("program_id", Text, nullable=False),
    Column("is_open", SmallInteger, nullable=False),
    Column("left_ms", BigInteger),
    Column("why", Text, nullable=False),
    Column("joined_ms", BigInteger, nullable=False),
    Column("risk_score", Double, nullable=False),
    Column("gained_points", BigInteger, nullable=False),
    Column("spent_points", BigInteger, nullable=False),
    Column("decisions", BigInteger, nullable=False),
    Column("challenged", BigInteger, nullable=False),
    Column("reviewed", BigInteger, nullable=False),
    Column("blocked", BigInteger, nullable=False),
    Column("typology", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Index(
        "uq_case_accounts_open", "program_id", "account_id", unique=True,
        sqlite_where=_OPEN, postgresql_where=_OPEN,
    ),
    Index("ix_case_accounts_account", "program_id", "account_id"),
)  # fmt: skip
"""Whom a case is about, each with its own figures. `is_open`: 1 while the account belongs to a case that is not closed;
the unique index lets an account be in one such case. `left_ms`: it was split off, or went with a merge; its figures went
with it, and these are zero."""

case_decisions = Table(
    "case_decisions",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("decision_id", Text, nullable=False),
    Column("program_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("occurred_ms", BigInteger, nullable=False),
    Column("decision", Text, nullable=False),
    Column("risk_score", Double, nullable=False),
    Index("ix_case_decisions_decision", "program_id", "decision_id"),
)
"""Flagged decisions of a case, by their number in the record: the first, and the newest. `decision` as first made."""

case_places = Table(
    "case_places",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("program_id", Text, nullable=False),
    Index("ix_case_places_value", "program_id", "kind", "value", "case_id"),
)
"""Where a case touched the programme, at most a few dozen each. `kind`: partner, store."""

case_moves = Table(
    "case_moves",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("case_id", Text, nullable=False),
    Column("program_id", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("move", Text, nullable=False),
    Column("from_state", Text, nullable=False),
    Column("to_state", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    Column("before", Text),
    Column("account_id", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("key_id", LargeBinary),
    Index("ix_case_moves_case", "case_id", "seq"),
)
"""Every change there was. `version`: of the case after it. `detail` and `before` (what an undo restores) are JSON
without personal data; `sealed` is the reason in words, under the key of that id of `account_id`."""

case_notes = Table(
    "case_notes",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("note_id", Text, nullable=False, unique=True),
    Column("case_id", Text, nullable=False),
    Column("program_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", LargeBinary, nullable=False),
    Index("ix_case_notes_case", "case_id", "seq"),
)
"""Notes, sealed under the account's key of that `key_id`."""

case_let_go = Table(
    "case_let_go",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("program_id", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("value_minor", BigInteger, nullable=False),
    Index("ix_case_let_go_actor", "program_id", "actor", "at_ms"),
)
"""What one person let go from a case, without a second one. What is older than a day counts no more, and goes when the
same person lets something go again."""

case_letting_go = Table(
    "case_letting_go",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("actor", Text, primary_key=True),
)
"""Held until the commit by who lets something go, so that of two acts at once the second counts the first."""

case_cursors = Table(
    "case_cursors",
    metadata,
    Column("source", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
"""How far each source is read for cases: `decisions`. Whoever opens cases from it holds the row until the commit."""
