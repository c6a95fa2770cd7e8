"""The redemption of a token: what it stands on, as recorded, and why it was not made."""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import Struct

from tokens.token import Reward


class Redemption(Struct, frozen=True, kw_only=True):
    """
    The redemption to be recorded: the credit itself.

    call_hash:     hash of the caller's Idempotency-Key and, in the browser, its session: who may hear the answer again.
    check_id:      the decision that let it pass: its outcome is what becomes of the token.
    sealed_answer: the answer, sealed under what only that caller knows; destroyed at `replay_until_ms` or on `ack`.
    """

    redemption_id: str
    token_hash: bytes
    program_id: str
    account_id: str
    at_ms: int
    call_hash: bytes
    sealed_answer: bytes
    replay_until_ms: int
    check_id: str | None = None


class Redeemed(NamedTuple):
    """A redemption as held; `sealed_answer` is empty once it is destroyed."""

    redemption_id: str
    token_id: str
    at_ms: int
    call_hash: bytes
    sealed_answer: bytes
    reward: Reward


class Proof(NamedTuple):
    """What a redemption of a token with OTP stands on: its passed challenge, of that session. Used up by it."""

    challenge_id: str
    session_hash: bytes


Refusal = Literal["not_live", "early", "expired", "unproven", "call_taken", "account_locked", "held"]
"""Why a redemption was not made. `not_live`: the state forbids it. `call_taken`: its key was used for something else.
`account_locked`: redeeming is locked at the account; `held`: a person looks at it first. Nothing was used up by these."""
