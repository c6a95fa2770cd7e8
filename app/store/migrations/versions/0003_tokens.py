"""One-time tokens: their keys, the ledger, campaigns, codes and authenticators, the outbox, and the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _text(*names: str, null: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=null) for name in names]


def _whole(*names: str, null: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=null) for name in names]


def _small(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.SmallInteger(), nullable=False) for name in names]


def _count(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _binary(*names: str, null: bool = False) -> list[sa.Column[bytes]]:
    return [sa.Column(name, sa.LargeBinary(), nullable=null) for name in names]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "token_keys",
        *_text("use", "key_id"),
        *_binary("wrapped_key"),
        *_whole("made_ms", "active_ms", "until_ms"),
        sa.PrimaryKeyConstraint("use", "key_id"),
    )
    op.create_table(
        "tokens",
        *_binary("token_hash"),
        *_text("token_id", "program_id", "account_id", "purpose"),
        *_text("campaign_id", null=True),
        *_binary("reward"),
        *_whole("points", "face_value_minor", null=True),
        *_text("currency", "decision_id", null=True),
        *_binary("secret_hash"),
        *_text("state"),
        *_whole("issued_ms", "not_before_ms", "expires_ms"),
        *_whole("ended_ms", null=True),
        *_text("vault_key"),
        *_binary("wrapped_key", "ciphertext", null=True),
        *_text("otp_method"),
        *_text("authenticator_id", null=True),
        *_text("channel"),
        *_binary("personal", "key_id"),
        *_binary("recipient_hash", null=True),
        *_text("locale", "delivery"),
        *_whole("delivered_ms", null=True),
        *_text("policy_version"),
        *_text("bulk_id", "row_id", null=True),
        *_binary("row_hash", null=True),
        sa.PrimaryKeyConstraint("token_hash"),
        sa.UniqueConstraint("program_id", "bulk_id", "row_id"),
        sa.UniqueConstraint("token_id"),
    )
    op.create_index("ix_tokens_account", "tokens", ["program_id", "account_id", "issued_ms", "token_id"])
    op.create_index("ix_tokens_campaign", "tokens", ["program_id", "campaign_id", "issued_ms", "token_id"])
    op.create_index("ix_tokens_due", "tokens", ["state", "expires_ms"])
    op.create_index("ix_tokens_newest", "tokens", ["program_id", "issued_ms", "token_id"])
    op.create_table(
        "redemptions",
        *_binary("token_hash"),
        *_text("redemption_id", "token_id", "program_id", "account_id"),
        *_text("campaign_id", null=True),
        *_binary("reward"),
        *_whole("at_ms"),
        *_text("actor"),
        *_binary("call_hash", "sealed_answer"),
        *_whole("replay_until_ms", null=True),
        sa.PrimaryKeyConstraint("token_hash"),
        sa.UniqueConstraint("redemption_id"),
    )
    op.create_index("ix_redemptions_account", "redemptions", ["program_id", "account_id", "at_ms"])
    op.create_index("ix_redemptions_replay", "redemptions", ["replay_until_ms"])
    op.create_table(
        "idempotent_calls",
        *_text("program_id"),
        *_binary("key_hash", "body_hash", "sealed_answer"),
        *_whole("until_ms"),
        sa.PrimaryKeyConstraint("program_id", "key_hash"),
    )
    op.create_index("ix_idempotent_calls_until", "idempotent_calls", ["until_ms"])
    op.create_table(
        "campaign_budgets",
        *_text("program_id", "campaign_id"),
        *_whole("max_tokens", "max_points", "max_face_value_minor", null=True),
        *_text("currency", null=True),
        *_whole("tokens", "points", "face_value_minor"),
        sa.PrimaryKeyConstraint("program_id", "campaign_id"),
    )
    op.create_table(
        "otp_subjects",
        *_text("kind"),
        *_binary("hash"),
        *_count("tries", "sends"),
        *_whole("last_sent_ms", null=True),
        *_whole("ends_ms"),
        sa.PrimaryKeyConstraint("kind", "hash"),
    )
    op.create_index("ix_otp_subjects_ends", "otp_subjects", ["ends_ms"])
    op.create_table(
        "otp_challenges",
        *_text("challenge_id", "kind"),
        *_binary("hash", "session_hash"),
        *_text("method"),
        *_text("authenticator_id", null=True),
        *_binary("code_hash"),
        *_small("digits"),
        *_text("reference"),
        *_whole("sent_ms", "expires_ms"),
        *_count("tries", "fails"),
        *_whole("next_try_ms"),
        *_small("void"),
        *_whole("verified_ms", "used_ms", null=True),
        sa.PrimaryKeyConstraint("challenge_id"),
    )
    op.create_index("ix_otp_challenges_expires", "otp_challenges", ["expires_ms"])
    op.create_index(
        "ix_otp_challenges_subject", "otp_challenges", ["kind", "hash", "session_hash", "sent_ms"]
    )
    op.create_table(
        "otp_counts",
        *_text("what"),
        *_binary("whom"),
        *_whole("slot"),
        *_count("count"),
        *_whole("until_ms"),
        sa.PrimaryKeyConstraint("what", "whom", "slot"),
    )
    op.create_index("ix_otp_counts_until", "otp_counts", ["until_ms"])
    op.create_table(
        "authenticators",
        *_text("authenticator_id", "program_id", "account_id"),
        *_binary("sealed_seed", "key_id"),
        *_whole("made_ms"),
        *_whole("confirmed_ms", null=True),
        *_small("replaced"),
        *_whole("retired_ms", null=True),
        *_whole("last_step"),
        *_count("fails"),
        *_whole("disabled_ms", null=True),
        sa.PrimaryKeyConstraint("authenticator_id"),
    )
    op.create_index("ix_authenticators_account", "authenticators", ["program_id", "account_id"])
    op.create_table(
        "outbox",
        *_text("message_id", "kind", "program_id"),
        *_binary("token_hash", null=True),
        *_text("challenge_id", null=True),
        *_text("state"),
        *_binary("sealed"),
        *_whole("created_ms", "expires_ms", "next_ms"),
        *_count("attempts"),
        *_whole("ended_ms", null=True),
        *_text("why"),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "next_ms"])
    op.create_index("ix_outbox_token", "outbox", ["token_hash"])
    op.create_table(
        "audit",
        *_whole("seq", "at_ms"),
        *_text("program_id", "event", "subject", "actor"),
        *_binary("ip_hash"),
        *_text("detail"),
        *_binary("mac"),
        sa.PrimaryKeyConstraint("seq"),
    )
    audit_head = op.create_table(
        "audit_head",
        *_small("id"),
        *_whole("seq"),
        *_binary("mac", "head_mac"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.bulk_insert(audit_head, [{"id": 1, "seq": 0, "mac": b"", "head_mac": b""}])


def downgrade() -> None:
    """Take them away."""
    for name in _TABLES:
        op.drop_table(name)


_TABLES = (
    "audit_head",
    "audit",
    "outbox",
    "authenticators",
    "otp_counts",
    "otp_challenges",
    "otp_subjects",
    "campaign_budgets",
    "idempotent_calls",
    "redemptions",
    "tokens",
    "token_keys",
)
