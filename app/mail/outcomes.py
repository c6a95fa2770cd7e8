"""What became of sending something, as a value, and who can send: the relay for mail, the messenger for the rest."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from typing import NamedTuple, Protocol

from app.mail.notices import Notice


class Accepted(NamedTuple):
    """The other side took it; from here on it is theirs."""


class Later(NamedTuple):
    """Not now; another try may do. `why` holds no address and nothing of the message."""

    why: str


class Bounced(NamedTuple):
    """The relay will never take it: this recipient, or this message. `why` as in `Later`."""

    why: str


class Failed(NamedTuple):
    """It will never work, through no fault of the recipient's. `why` as in `Later`."""

    why: str


Outcome = Accepted | Later | Bounced | Failed


class Relay(Protocol):
    """Takes mails. `sender` is who they are from."""

    @property
    def sender(self) -> Address: ...
    async def mail(self, message: EmailMessage) -> Outcome: ...
    async def rest(self) -> None:
        """There is nothing more to send for now: let go of what was held open for the next."""
        ...


class Courier(Protocol):
    """Takes text messages and link notices."""

    async def post(self, notice: Notice) -> Outcome: ...
