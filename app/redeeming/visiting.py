"""A member's visit with a browser: from the link to the reward, in gestures that are each a POST."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from app.redeeming.views import View
from tokens.token import Locale


class Client(NamedTuple):
    """
    Who is at the other end: the address as the edge trusts it, and the locale the browser asks for.

    user_agent: what the browser calls itself.
    device:     the cookie by which the browser is known again, as sent.
    """

    address: str
    locale: Locale | None
    user_agent: str = ""
    device: str | None = None


class Entered(NamedTuple):
    """
    What "Continue" led to; `cookie` is the new session's, None where there is none, and `device` that by which the
    browser is known again, None where the programme does not. Opaque, URL-safe, below 2 kB.
    """

    view: View
    cookie: str | None
    device: str | None = None


class Visits(Protocol):
    """
    The gestures. Each raises RecordAway or HotStoreAway where a store is away: nothing was done then.

    `cookie` is what the browser sent, None where it sent none. A cookie that is no session leads to the step `gone`.
    """

    async def landing(self, client: Client) -> View | None:
        """Before anything: the terms to greet with. None where this client asks too often."""
        ...

    async def enter(self, text: str, client: Client) -> Entered:
        """With a token's text, whatever it is: the gesture "Continue"."""
        ...

    async def look(self, cookie: str | None, client: Client) -> View:
        """Where the visit stands. Changes nothing."""
        ...

    async def send_code(self, cookie: str | None, client: Client) -> View: ...
    async def verify(self, cookie: str | None, code: str, echo: str, client: Client) -> View:
        """Check a code and, if it is right and the echo true, release the reward at once."""
        ...

    async def confirm(self, cookie: str | None, answer: str, echo: str, client: Client) -> View:
        """Check a passkey's answer and, if it holds and the echo is true, release the reward at once."""
        ...

    async def release(self, cookie: str | None, echo: str, client: Client) -> View:
        """Release the reward of a token that needs no code, or whose code was passed within two minutes."""
        ...

    async def acknowledge(self, cookie: str | None, client: Client) -> View:
        """The member has noted the content: it is destroyed here too."""
        ...
