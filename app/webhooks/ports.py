"""What webhooks need from a database, and the values that pass between. Every method raises RecordAway."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from app.ports.record import Page

State = Literal["enabled", "disabled"]
MessageState = Literal["waiting", "sent", "dead"]


class Secret(NamedTuple):
    """
    A signing secret of 32 random bytes.

    until_ms: from when on it signs no longer; None: the newest, which stays.
    """

    key: bytes
    until_ms: int | None = None

    def __repr__(self) -> str:
        """Never the key."""
        return "Secret(…)"


class Webhook(NamedTuple):
    """
    An endpoint of a programme. `events` are types, or `*`; `secrets` newest first.

    why:              of a disabled one, in words.
    failing_since_ms: since when nothing was delivered; None while it works.
    """

    webhook_id: str
    program_id: str
    url: str
    events: tuple[str, ...]
    description: str
    secrets: tuple[Secret, ...]
    created_ms: int
    state: State = "enabled"
    why: str = ""
    failing_since_ms: int | None = None
    disabled_ms: int | None = None

    def __repr__(self) -> str:
        """Never the secrets, nor the URL, which may hold one."""
        return f"Webhook({self.webhook_id!r}, …)"


class MessageRow(NamedTuple):
    """A message as a list shows it. `why`: what came of the last try, where it was not delivered."""

    message_id: str
    type: str
    account_id: str
    state: MessageState
    attempts: int
    why: str
    created_ms: int
    ended_ms: int | None


class Endpoints(Protocol):
    """Which endpoints a programme has, and what became of their messages."""

    def add(self, webhook: Webhook, most: int) -> bool:
        """False where the programme has so many already."""
        ...

    def webhook(self, program_id: str, webhook_id: str) -> Webhook | None: ...
    def webhooks(self, program_id: str) -> Sequence[Webhook]:
        """All of a programme, oldest first."""
        ...

    def remove(self, program_id: str, webhook_id: str) -> bool:
        """With all its messages. False: there was none."""
        ...

    def keep_secrets(self, program_id: str, webhook_id: str, secrets: Sequence[Secret]) -> bool:
        """Replace the secrets, if the ones known to the caller, all but the first, are still those. False: they are
        not, or there is no such endpoint.
        """
        ...

    def enable(self, program_id: str, webhook_id: str) -> bool:
        """False: there is none."""
        ...

    def messages(
        self, program_id: str, webhook_id: str, *, state: MessageState | None, limit: int, cursor: str | None
    ) -> Page[MessageRow]:
        """Newest first. Raises ValueError at a foreign cursor."""
        ...

    def replay(self, program_id: str, webhook_id: str, since_ms: int, now_ms: int, limit: int) -> int:
        """Let dead letters made since then go again, oldest first; how many those were."""
        ...


class Message(NamedTuple):
    """One to be sent. `attempts`: how often it was tried."""

    message_id: str
    body: bytes
    attempts: int


class Lane(NamedTuple):
    """The first messages that wait for one account, in order."""

    account_id: str
    messages: tuple[Message, ...]


class HowMuch(NamedTuple):
    """
    What to take at once.

    lanes:   so many, `failing` of an endpoint that took nothing lately.
    each:    messages of a lane.
    hold_ms: how long the lanes are held.
    """

    lanes: int
    failing: int
    each: int
    hold_ms: int


class Taken(NamedTuple):
    """Lanes held until then: nobody else sends from them before."""

    webhook: Webhook
    until_ms: int
    lanes: tuple[Lane, ...]


class Failure(NamedTuple):
    """A message that was not taken. `next_ms`: when it is tried again; None: never, it is a dead letter."""

    message_id: str
    why: str
    next_ms: int | None


class Told(NamedTuple):
    """What became of a held lane: what was delivered, in order, and what then failed, if anything did."""

    account_id: str
    sent: tuple[str, ...]
    failed: Failure | None = None


class Deliveries(Protocol):
    """What waits to be sent, held by one sender at a time."""

    def due(self, now_ms: int) -> Sequence[str]:
        """Enabled endpoints with a lane that is due, by id."""
        ...

    def take(self, webhook_id: str, now_ms: int, much: HowMuch) -> Taken | None:
        """Hold due lanes, longest due first, with the first messages of each. None: nothing to do."""
        ...

    def settle(self, taken: Taken, told: Sequence[Told], now_ms: int) -> int | None:
        """Note what became of them and let the lanes go. Since when nothing was delivered; None if it works."""
        ...

    def disable(self, webhook_id: str, why: str, now_ms: int) -> None:
        """Send nothing more there: what waits becomes dead letters."""
        ...

    def sweep(self, sent_before_ms: int, dead_before_ms: int, limit: int) -> int:
        """Delete messages that ended before then; how many, at most `limit` of each."""
        ...
