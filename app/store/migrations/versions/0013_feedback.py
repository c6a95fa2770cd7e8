"""Shared contexts, verdicts on pairs, and the labels that decisions mind."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def _text(*names: str, null: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=null) for name in names]


def _whole(*names: str, null: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=null) for name in names]


def _bytes(*names: str) -> list[sa.Column[bytes]]:
    return [sa.Column(name, sa.LargeBinary(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables. Nothing was said yet that decisions mind: labels given before count from their next one on."""
    head = op.create_table(
        "feedback_head",
        sa.Column("id", sa.SmallInteger(), primary_key=True, autoincrement=False),
        *_whole("version"),
    )
    op.bulk_insert(head, [{"id": 1, "version": 0}])
    op.create_table(
        "shared_contexts",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("context_id", sa.Text(), nullable=False, unique=True),
        *_text("program_id", "kind"),
        *_bytes("sealed_value", "digest"),
        *_text("context", "reason", "author"),
        *_whole("created_ms"),
        *_whole("expires_ms", null=True),
    )
    op.create_index("ix_shared_contexts_newest", "shared_contexts", ["program_id", "created_ms", "seq"])
    op.create_table(
        "pair_verdicts",
        *_text("program_id", "account_id", "other_id"),
        *_bytes("account_key", "other_key"),
        *_text("verdict", null=True),
        *_text("author"),
        *_whole("judged_ms"),
        *_whole("expires_ms", null=True),
        *_bytes("sealed_reason", "key_id", "other_key_id"),
        *_whole("version"),
        sa.PrimaryKeyConstraint("program_id", "account_id", "other_id"),
    )
    op.create_index("ix_pair_verdicts_version", "pair_verdicts", ["version"])
    op.create_index("ix_pair_verdicts_other", "pair_verdicts", ["program_id", "other_id"])
    op.create_table(
        "account_words",
        *_text("program_id", "account_id", "subject"),
        *_bytes("account_key"),
        *_text("label"),
        *_text("typology", null=True),
        *_text("label_id"),
        *_whole("said_ms"),
        *_bytes("codes"),
        *_whole("version"),
        sa.PrimaryKeyConstraint("program_id", "account_id", "subject"),
    )
    op.create_index("ix_account_words_version", "account_words", ["version"])


def downgrade() -> None:
    """Take them away."""
    for name in ("account_words", "pair_verdicts", "shared_contexts", "feedback_head"):
        op.drop_table(name)
