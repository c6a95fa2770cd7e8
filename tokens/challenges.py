"""Codes sent and tried: challenges as held, and what keeps and counts them. Of the store as in `tokens.ledger`."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from tokens.outbox import Message
from tokens.token import Method
from tokens.who import Who


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
