"""What the promise needs of a durable store: rows, moves that are atomic, and their results as values.

Every method is synchronous, does its whole move in one transaction, and raises the store's own "away" error where
the store cannot be reached: then nothing was done. Instants are milliseconds since 1970-01-01 UTC, always given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

from msgspec import Struct

from tokens.states import State

Purpose = Literal["reward_link", "redemption"]
Method = Literal["sms", "totp", "email", "passkey", "none"]
Fallback = Literal["sms", "totp"]
"""How a member proves themselves where they have no passkey at hand, if the issuer said so."""
Channel = Literal["email", "webhook", "none"]
Locale = Literal["en", "de"]
MessageKind = Literal["mail", "sms", "link"]
DeliveryState = Literal["none", "waiting", "sent", "bounced", "failed", "cancelled"]


# ---------------------------------------------------------------- tokens


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


class Message(Struct, frozen=True, kw_only=True):
    """
    Something to be sent from the outbox, in the transaction of its cause.

    message_id: unique; for mail the whole Message-ID.
    sealed:     what to send, MessagePack of `app.mail.letters.Letter`, sealed by the service: opened by the worker only.
    token_hash: the token it delivers or serves; its move to revoked, redeemed or expired cancels what still waits.
    """

    message_id: str
    kind: MessageKind
    program_id: str
    token_hash: bytes | None
    sealed: bytes
    created_ms: int
    expires_ms: int


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


class OverBudget(NamedTuple):
    """The campaign has no room for it: what is short."""

    campaign_id: str
    short_of: Literal["tokens", "points", "face_value", "currency"]


class RowTaken(NamedTuple):
    """The bulk row was issued before: as which token."""

    token_id: str


class DecisionTaken(NamedTuple):
    """The decision has its redemption token already: which."""

    token_id: str


Issued = Literal["issued"]


class Who(NamedTuple):
    """
    Who asks for a move, for the audit.

    actor:   `key:<id>`, `member`, `worker`, `user:<id>`.
    ip_hash: keyed hash of the address, empty where there is none.
    """

    actor: str
    ip_hash: bytes = b""


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


class Budget(Struct, frozen=True):
    """A campaign's limits and what of them is used; None: no limit. Sums in points and minor units of `currency`."""

    program_id: str
    campaign_id: str
    max_tokens: int | None
    max_points: int | None
    max_face_value_minor: int | None
    currency: str | None
    tokens: int = 0
    points: int = 0
    face_value_minor: int = 0


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


# ---------------------------------------------------------------- keys


class StoredKey(Struct, frozen=True):
    """
    A key of the ring as kept: random, wrapped by the service.

    key_id:    signing: 8 characters; vault: the day, `2026-11-22`.
    active_ms: signs from then on.  until_ms: verifies, or opens, until then; the row is destroyed afterwards.
    """

    key_id: str
    use: Literal["sign", "vault"]
    secret: bytes
    made_ms: int
    active_ms: int
    until_ms: int

    def __repr__(self) -> str:
        """Never the secret."""
        return f"StoredKey({self.use} {self.key_id})"


class KeyStore(Protocol):
    """Where the keys of tokens live."""

    def keys(self, use: Literal["sign", "vault"]) -> Sequence[StoredKey]:
        """All that are kept, oldest first."""
        ...

    def ensure(self, now_ms: int) -> None:
        """Make what is missing: a signing key that is active and young enough, today's and tomorrow's vault key. Any
        number of processes may ask at once; one key is made.
        """
        ...

    def remove(self, key_id: str, who: Who, now_ms: int) -> bool:
        """Remove a signing key at once: every token signed with it is unknown within a minute."""
        ...


# ---------------------------------------------------------------- codes


class Subject(NamedTuple):
    """What an OTP is asked for: a token, a decision, or the end of an account's lock."""

    kind: Literal["token", "decision", "lock"]
    hash: bytes
    program_id: str
    account_id: str


class NewChallenge(Struct, frozen=True, kw_only=True):
    """
    A code about to be sent.

    session_hash: hash of the session that asked; only it can use the code.
    code_hash:    HMAC of the challenge and the code (see `tokens.codes`).
    reference:    two characters by which the member tells one code from another.
    to_hash:      keyed hash of the number or mailbox.
    """

    challenge_id: str
    session_hash: bytes
    method: Method
    code_hash: bytes
    digits: int
    reference: str
    to_hash: bytes
    sent_ms: int
    expires_ms: int


class Challenge(NamedTuple):
    """A challenge as held."""

    challenge_id: str
    method: Method
    code_hash: bytes
    digits: int
    reference: str
    sent_ms: int
    expires_ms: int
    tries: int
    verified_ms: int | None


class Wait(NamedTuple):
    """Too soon or too often: when to come back, and which limit says so."""

    seconds: int
    limit: Literal["resend", "hour", "recipient", "programme", "backoff", "client", "account"]


Stop = Literal["frozen", "sends_spent", "tries_spent", "code_gone", "not_live", "authenticator_disabled"]
"""No more here. `tries_spent`: of this challenge, ask for a new code. `code_gone`: expired, replaced or used."""


class Counted(NamedTuple):
    """A try that was counted before anything was compared; `at_ms`: when, for whoever takes it back."""

    challenge_id: str
    code_hash: bytes
    tries_left: int
    """At this subject, for life, after this one."""
    at_ms: int


class Authenticator(Struct, frozen=True, kw_only=True):
    """An authenticator app as enrolled. `seed` is opened; `replaced`: it took the place of another."""

    authenticator_id: str
    program_id: str
    account_id: str
    seed: bytes
    made_ms: int
    confirmed_ms: int | None
    replaced: bool
    last_step: int
    fails: int
    disabled_ms: int | None

    def __repr__(self) -> str:
        """Never the seed."""
        return f"Authenticator({self.authenticator_id})"


class Challenges(Protocol):
    """Codes sent and tried, counted exactly, over all sessions and addresses."""

    def send(
        self,
        subject: Subject,
        new: NewChallenge,
        message: Message,
        programme_most_a_day: int,
        who: Who,
        now_ms: int,
    ) -> NewChallenge | Wait | Stop:
        """Send a code if every limit allows it: the one before is void, the subject is challenged, the message is in
        the outbox, all in one transaction.
        """
        ...

    def challenge(self, subject: Subject, session_hash: bytes) -> Challenge | None:
        """The session's last challenge at this subject."""
        ...

    def sends(self, subject: Subject) -> int:
        """Codes sent for the subject so far."""
        ...

    def begin(self, subject: Subject, session_hash: bytes, authenticator_id: str, now_ms: int) -> Challenge:
        """The session's challenge for an authenticator app, made if there is none: nothing is sent."""
        ...

    def count(
        self, subject: Subject, challenge_id: str, session_hash: bytes, client: bytes, now_ms: int
    ) -> Counted | Wait | Stop:
        """Count a try at challenge, subject, (subject, client), account and authenticator, before it is compared."""
        ...

    def passed(
        self, subject: Subject, counted: Counted, client: bytes, step: int | None, who: Who, now_ms: int
    ) -> bool:
        """The code was right: take the try back from every counter, mark the challenge verified and the subject with
        it. With `step`, only if it is later than every step the authenticator was used at. False where another call
        was first.
        """
        ...

    def failed(
        self, subject: Subject, counted: Counted, client: bytes, who: Who, now_ms: int
    ) -> Wait | Stop | None:
        """The code was wrong: what that leads to. A subject out of tries is frozen here."""
        ...

    def enrol(self, authenticator: Authenticator, who: Who) -> None: ...
    def confirm(self, authenticator_id: str, step: int, who: Who, now_ms: int) -> bool:
        """The first code was right: it counts from now, and the account's others no longer."""
        ...

    def authenticator(self, program_id: str, account_id: str) -> Authenticator | None:
        """The account's confirmed one."""
        ...

    def authenticator_of(
        self, program_id: str, account_id: str, authenticator_id: str
    ) -> Authenticator | None: ...
    def forget_authenticator(
        self, program_id: str, account_id: str, authenticator_id: str, who: Who, now_ms: int
    ) -> bool: ...


# ---------------------------------------------------------------- the outbox


class Waiting(NamedTuple):
    """A message taken from the outbox by one worker, for a while."""

    message: Message
    attempt: int


class Outbox(Protocol):
    """What is to be sent: written in the transaction of its cause, sent later, its content destroyed when sent."""

    def take(self, now_ms: int, limit: int, hold_ms: int) -> Sequence[Waiting]:
        """Due messages, oldest first, held for `hold_ms` against other workers."""
        ...

    def sent(self, message_ids: Sequence[str], now_ms: int) -> None:
        """The relay took them: the tokens they deliver are delivered, the contents destroyed."""
        ...

    def later(self, message_id: str, next_ms: int, why: str) -> None:
        """It did not work now; another try at that time."""
        ...

    def ended(self, message_id: str, state: Literal["bounced", "failed"], why: str, now_ms: int) -> bool:
        """It will never work; the content is destroyed. False where there is no such message."""
        ...

    def overview(self) -> dict[str, int]:
        """Messages by state."""
        ...
