"""What the promise needs of a durable store: moves that are atomic, and their results as values.

Every method is synchronous, does its whole move in one transaction, and raises the store's own "away" error where
the store cannot be reached: then nothing was done. Instants are milliseconds since 1970-01-01 UTC, always given.
The same holds for `tokens.key_store`, `tokens.challenges`, `tokens.outbox` and `tokens.passkey_ledger`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

from tokens.budget import Budget, OverBudget
from tokens.outbox import Message
from tokens.redemption import Proof, Redeemed, Redemption, Refusal
from tokens.states import State
from tokens.token import NewToken, Token
from tokens.who import Who


class Call(NamedTuple):
    """
    An idempotent call: its key's and its body's hash, and the answer to be given again, sealed under what only the
    caller knows.
    """

    key_hash: bytes
    body_hash: bytes
    sealed_answer: bytes


class Repeated(NamedTuple):
    """The Idempotency-Key was used before: the same body or another, and the answer given (empty: no longer kept)."""

    same_body: bool
    sealed_answer: bytes


class RowTaken(NamedTuple):
    """The bulk row was issued before: as which token."""

    token_id: str


class DecisionTaken(NamedTuple):
    """The decision has its redemption token already: which."""

    token_id: str


Issued = Literal["issued"]


class Page(NamedTuple):
    """One page of tokens, and where the next begins."""

    items: Sequence[Token]
    next_cursor: str | None


class Doubt(NamedTuple):
    """
    Why a reward waits for a person.

    risk_score: 0 to 100.
    reasons:    codes, the weightiest first.
    """

    risk_score: float
    reasons: tuple[str, ...]


NO_DOUBT: Final = Doubt(0.0, ())


class Ledger(Protocol):
    """The durable ledger of tokens."""

    def issue(
        self, wanted: Sequence[tuple[NewToken, Message | None, Call | None]], who: Who
    ) -> Sequence[Issued | OverBudget | RowTaken | DecisionTaken | Repeated]:
        """
        Issue in order, each with its message, its call and its part of the campaign's budget, all in one transaction;
        a row that is refused leaves nothing of itself and does not stop the others. A decision has one token of purpose
        `redemption`, ever; it cannot be redeemed once an outcome of the decision is recorded.
        """
        ...

    def token(self, token_hash: bytes) -> Token | None: ...
    def token_of(self, program_id: str, token_id: str) -> Token | None: ...
    def token_for(self, program_id: str, decision_id: str) -> Token | None:
        """The redemption token of a decision, whatever became of it."""
        ...

    def tokens(
        self,
        program_id: str,
        *,
        account_id: str | None,
        campaign_id: str | None,
        limit: int,
        cursor: str | None,
    ) -> Page:
        """Newest first."""
        ...

    def redeem(
        self,
        redemption: Redemption,
        proof: Proof | None,
        call: Call | None,
        who: Who,
        notice: Message | None = None,
    ) -> Redeemed | Refusal:
        """
        The commit point. In one transaction: the proof is used up (or none is needed), the account is seen not to be
        locked, the state moves, the row that is unique by `token_hash` is written, the payload and the wrapped key
        are destroyed, waiting messages are cancelled, the notice of it is in the outbox. Where the token was redeemed
        before: that redemption, whoever made it.
        """
        ...

    def redemption(self, token_hash: bytes) -> Redeemed | None: ...
    def acknowledge(self, token_hash: bytes, call_hash: bytes) -> bool:
        """Destroy the sealed answer: the caller has it. False where there is none of theirs."""
        ...

    def revoke(self, program_id: str, token_id: str, who: Who, now_ms: int) -> State | None:
        """Revoke a live or frozen token, destroy its content, return its part of the budget. The state it has then;
        None where there is no such token.
        """
        ...

    def freeze(self, token_hash: bytes, why: str, who: Who, now_ms: int) -> bool:
        """Freeze a live token; its payload stays until it expires or is revoked."""
        ...

    def hold(
        self, token_hash: bytes, decision_id: str, who: Who, now_ms: int, doubt: Doubt = NO_DOUBT
    ) -> bool:
        """Let the reward of a live token wait for a person, who is given a case: it stays as it is, and is not redeemed
        meanwhile. False where it is held already, or was released by one.
        """
        ...

    def release_hold(self, program_id: str, token_id: str, who: Who, now_ms: int) -> bool:
        """Let a held token go on; False where it is not held (any more). Its expiry stays: the link itself says it."""
        ...

    def sweep(self, now_ms: int, limit: int) -> int:
        """Everything that time ends: live and frozen tokens past their expiry (content destroyed, budget returned),
        answers past their replay, calls past their day, server keys past theirs. How many rows; call again at `limit`.
        """
        ...

    def note(self, event: str, token_hash: bytes, who: Who, now_ms: int) -> None:
        """An audit entry without a move: `opened`, `replayed`, `duplicate_blocked`."""
        ...

    def set_budget(self, budget: Budget, who: Who, now_ms: int) -> Budget:
        """Set the limits of a campaign; what is used stays."""
        ...

    def budget(self, program_id: str, campaign_id: str) -> Budget | None: ...
