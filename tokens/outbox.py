"""Messages that wait to be sent, and what keeps them. Of the store as in `tokens.ledger`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

MessageKind = Literal["mail", "sms", "link"]


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
