"""The record: decisions, outcomes, accounts, their keys and links, labels, policies, lists, API keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _optional_text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text()) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _optional_whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger()) for name in names]


def _binary(*names: str) -> list[sa.Column[bytes]]:
    return [sa.Column(name, sa.LargeBinary(), nullable=False) for name in names]


def _real(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=False)


def _seq(*, given: bool) -> sa.Column[int]:
    return sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=not given)


def upgrade() -> None:
    """Make every table, and the one row of the head."""
    head = op.create_table(
        "record_head",
        sa.Column("id", sa.SmallInteger(), primary_key=True, autoincrement=False),
        *_whole("seq", "events"),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0, "events": 0}])
    _create_decisions()
    _create_accounts()
    _create_what_people_say()


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        _seq(given=True),
        *_text("decision_id", "program_id", "event_id", "account_id", "type"),
        *_whole("occurred_ms", "received_ms"),
        *_text("decision"),
        *_optional_text("shadow_decision"),
        _real("risk_score"),
        *_text("source", "policy_version", "model_version", "origin"),
        *_optional_whole("points", "burned_at_decision", "burned"),
        *_optional_text("outcome"),
        *_optional_whole("outcome_ms"),
        *_binary("body_hash", "answer", "key_id", "sealed_event", "account_key"),
        sa.Column("links", sa.LargeBinary()),
        *_binary("found"),
        sa.UniqueConstraint("decision_id"),
        sa.UniqueConstraint("program_id", "event_id"),
    )
    op.create_index("ix_decisions_newest", "decisions", ["program_id", "occurred_ms", "seq"])
    op.create_index("ix_decisions_timeline", "decisions", ["program_id", "account_id", "occurred_ms", "seq"])
    op.create_table(
        "outcomes",
        _seq(given=True),
        *_text("program_id", "decision_id", "account_id", "event_id", "outcome"),
        *_whole("told_ms"),
        *_text("told_by"),
        *_whole("occurred_ms", "points"),
        *_text("effect"),
        sa.UniqueConstraint("program_id", "decision_id", "told_ms", "outcome", "told_by"),
    )


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        *_text("program_id", "account_id"),
        *_binary("account_key"),
        *_whole("first_seen_ms", "last_seen_ms", "events", "earned_points", "redeemed_points"),
        *_whole("allowed", "challenged", "reviewed", "blocked"),
        _real("last_risk_score"),
        *_text("last_decision"),
        sa.PrimaryKeyConstraint("program_id", "account_id"),
    )
    op.create_index("ix_accounts_key", "accounts", ["program_id", "account_key"])
    op.create_table(
        "links",
        *_text("program_id"),
        *_binary("account_key", "other_key"),
        _real("probability"),
        *_binary("evidence"),
        *_whole("found_ms"),
        sa.PrimaryKeyConstraint("program_id", "account_key", "other_key"),
    )
    op.create_table(
        "account_keys",
        *_text("program_id", "account_id"),
        *_binary("key_id", "wrapped_key"),
        sa.PrimaryKeyConstraint("program_id", "account_id"),
    )


def _create_what_people_say() -> None:
    op.create_table(
        "labels",
        _seq(given=False),
        *_text("label_id", "program_id"),
        *_optional_text("account_id", "event_id"),
        *_text("label"),
        *_optional_text("typology"),
        *_text("source"),
        *_whole("labelled_ms"),
        *_text("labelled_by"),
        sa.UniqueConstraint("label_id"),
    )
    op.create_index("ix_labels_newest", "labels", ["program_id", "labelled_ms", "seq"])
    op.create_index("ix_labels_account", "labels", ["program_id", "account_id", "labelled_ms", "seq"])
    op.create_table(
        "policies",
        sa.Column("version", sa.Text(), primary_key=True),
        *_text("text"),
        *_whole("kept_ms"),
    )
    op.create_table(
        "list_entries",
        _seq(given=False),
        *_text("entry_id", "program_id", "list", "kind"),
        *_binary("sealed_value", "digest"),
        *_text("reason", "author"),
        *_whole("created_ms"),
        *_optional_whole("expires_ms"),
        sa.UniqueConstraint("entry_id"),
    )
    op.create_index("ix_list_entries_newest", "list_entries", ["program_id", "list", "created_ms", "seq"])
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text(), primary_key=True),
        *_text("name"),
        *_binary("secret_hash"),
        *_text("scopes", "program_id", "stores"),
        *_whole("created_ms"),
        *_optional_whole("expires_ms", "revoked_ms"),
    )


def downgrade() -> None:
    """Take every table away."""
    for table in ("api_keys", "list_entries", "policies", "labels", "account_keys", "links", "accounts"):
        op.drop_table(table)
    for table in ("outcomes", "decisions", "record_head"):
        op.drop_table(table)
