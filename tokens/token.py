"""A token as issued and as held. Instants are milliseconds since 1970-01-01 UTC."""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import Struct

from tokens.states import State

Purpose = Literal["reward_link", "redemption"]
Method = Literal["sms", "totp", "email", "passkey", "none"]
Fallback = Literal["sms", "totp"]
"""How a member proves themselves where they have no passkey at hand, if the issuer said so."""
Channel = Literal["email", "webhook", "none"]
Locale = Literal["en", "de"]
DeliveryState = Literal["none", "waiting", "sent", "bounced", "failed", "cancelled"]


class Reward(Struct, frozen=True, omit_defaults=True):
    """What is promised, in the open: shown on the landing page, and what the commit does. Minor units, ISO 4217."""

    reward_id: str | None = None
    title: str | None = None
    points: int | None = None
    face_value_minor: int | None = None
    currency: str | None = None


class Shut(NamedTuple):
    """A payload as kept: its data key, wrapped, and itself, sealed by that. See `tokens.vault`."""

    wrapped_key: bytes
    ciphertext: bytes


class NewToken(Struct, frozen=True, kw_only=True):
    """
    A token to be issued.

    token_hash:  SHA-256 of the jti, 32 bytes: what every move names it by.
    token_id:    the issuer's name for it, `tok_…`, made of the hash.
    secret_hash: SHA-256 of the link's secret.
    vault_key:   id of the daily server key its payload is sealed under.
    otp_to, recipient, metadata: personal; the ledger seals them under the account's key.
    recipient_hash: keyed hash of where the link went; None where it was given back to the issuer.
    bulk_id, row_id: its place in a bulk job; unique together in a programme.
    row_hash: keyed hash of everything its row asked for, by which a repeat is told from another row of that name.
    otp_fallback: beside a passkey, by what else; `otp_to` and `authenticator_id` are its then.
    """

    token_hash: bytes
    token_id: str
    program_id: str
    account_id: str
    purpose: Purpose
    campaign_id: str | None
    reward: Reward
    decision_id: str | None
    secret_hash: bytes
    issued_ms: int
    not_before_ms: int
    expires_ms: int
    vault_key: str
    shut: Shut
    otp_method: Method
    otp_to: str | None
    authenticator_id: str | None
    channel: Channel
    recipient: str | None
    recipient_hash: bytes | None
    locale: Locale
    policy_version: str
    metadata: bytes = b""
    bulk_id: str | None = None
    row_id: str | None = None
    row_hash: bytes | None = None
    otp_fallback: Fallback | None = None


class Token(Struct, frozen=True, kw_only=True):
    """
    A token as held. `shut` is None once its content is destroyed; `otp_to` and `recipient` are opened for whoever writes
    to them; `locked`: redeeming is locked at its account; `held_ms`: since when its reward waits for a person, by the
    decision `held_for`; `released_ms`: when one let it go on.
    """

    token_hash: bytes
    token_id: str
    program_id: str
    account_id: str
    purpose: Purpose
    campaign_id: str | None
    reward: Reward
    decision_id: str | None
    secret_hash: bytes
    state: State
    issued_ms: int
    not_before_ms: int
    expires_ms: int
    ended_ms: int | None
    vault_key: str
    shut: Shut | None
    otp_method: Method
    otp_to: str | None
    authenticator_id: str | None
    channel: Channel
    recipient_hash: bytes | None
    locale: Locale
    delivery: DeliveryState
    delivered_ms: int | None
    policy_version: str
    tries: int
    sends: int
    row_id: str | None
    row_hash: bytes | None = None
    otp_fallback: Fallback | None = None
    recipient: str | None = None
    locked: bool = False
    held_ms: int | None = None
    held_for: str | None = None
    released_ms: int | None = None
