"""Webhooks: endpoints, how far each source is read, the messages, and the lanes they wait in."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _whole(*names: str, null: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=null) for name in names]


def upgrade() -> None:
    """Make the tables. What happened before is told to nobody."""
    op.create_table(
        "webhook_endpoints",
        *_text("webhook_id", "program_id", "events", "description"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        *_whole("created_ms"),
        *_text("state", "why"),
        *_whole("failing_since_ms", "disabled_ms", null=True),
        sa.PrimaryKeyConstraint("webhook_id"),
    )
    op.create_index(
        "ix_webhook_endpoints_program", "webhook_endpoints", ["program_id", "created_ms", "webhook_id"]
    )
    op.create_table("webhook_cursors", *_text("source"), *_whole("seq"), sa.PrimaryKeyConstraint("source"))
    op.create_table(
        "webhook_messages",
        *_text("message_id"),
        *_whole("number"),
        *_text("webhook_id", "account_id", "type"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        *_text("state"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        *_text("why"),
        *_whole("created_ms"),
        *_whole("ended_ms", null=True),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_index(
        "ix_webhook_messages_lane", "webhook_messages", ["webhook_id", "state", "account_id", "number"]
    )
    op.create_index("ix_webhook_messages_newest", "webhook_messages", ["webhook_id", "created_ms", "number"])
    op.create_index("ix_webhook_messages_ended", "webhook_messages", ["ended_ms"])
    op.create_table(
        "webhook_lanes",
        *_text("webhook_id", "account_id"),
        *_whole("next_ms"),
        sa.PrimaryKeyConstraint("webhook_id", "account_id"),
    )
    op.create_index("ix_webhook_lanes_due", "webhook_lanes", ["webhook_id", "next_ms"])
    op.execute("INSERT INTO webhook_cursors SELECT 'decisions', seq FROM record_head")
    op.execute("INSERT INTO webhook_cursors SELECT 'audit', seq FROM audit_head")
    op.execute("INSERT INTO webhook_cursors SELECT 'labels', COALESCE(MAX(seq), 0) FROM labels")
    op.execute("INSERT INTO webhook_cursors VALUES ('messages', 0)")


def downgrade() -> None:
    """Take them away."""
    for name in ("webhook_lanes", "webhook_messages", "webhook_cursors", "webhook_endpoints"):
        op.drop_table(name)
