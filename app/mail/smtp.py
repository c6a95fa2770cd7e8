"""The mail relay over SMTP: never in clear, certificates checked, connections kept for a run of messages."""

from __future__ import annotations

import asyncio
import re
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPTimeoutError,
)
from pydantic import SecretStr

from app.mail.addresses import sender_of
from app.mail.outcomes import Accepted, Bounced, Later, Outcome

ANSWER_S: Final = 10.0
"""Patience with one answer of the relay. RFC 5321, 4.5.3.2 gives strangers minutes; one's own relay is near."""
SEND_S: Final = 30.0
"""And with one message in all, connecting included."""
MESSAGES_A_CONNECTION: Final = 100
"""Then a new one: relays close it of themselves at some such number (Postfix asks clients for 100 or fewer)."""
REST_S: Final = 4.0
"""After failing to reach the relay nothing is tried for so long, so that a dead relay does not hold up everything in a
batch: below the first back-off of a message."""
SUBMISSION_PORT: Final = 587
TLS_PORT: Final = 465
"""RFC 6409 and RFC 8314."""
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
"""RFC 3463, at the beginning of a reply. The rest of a reply often quotes the address."""


class RelayUnclear(ValueError):
    """The relay's URL cannot be used. The words hold nothing of it."""


class SmtpRelay:
    """
    Sends through one relay.

    Args:
        url: `smtp://user:password@host:587`, where STARTTLS is demanded, or `smtps://…`, TLS from the first byte.
        mail_from: who mails are from.
        clear_on_loopback: whether a relay on this machine that offers no STARTTLS may be spoken to without: for
            development only.
        tls: trusted certificates; the system's where None.
        answer_s: patience with one answer, in seconds.
        rest_s: how long a relay that was not reached is left alone, in seconds.

    Raises:
        RelayUnclear: The URL is of another kind.
        ValueError: `mail_from` is not one address.
    """

    def __init__(
        self,
        url: SecretStr,
        mail_from: str,
        *,
        clear_on_loopback: bool = False,
        tls: ssl.SSLContext | None = None,
        answer_s: float = ANSWER_S,
        rest_s: float = REST_S,
    ) -> None:
        parts = _parts(url)
        self._host, self._implicit = parts.hostname or "", parts.scheme == "smtps"
        self._port = parts.port or (TLS_PORT if self._implicit else SUBMISSION_PORT)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender_of(mail_from)
        self._may_be_clear = clear_on_loopback and _is_loopback(self._host)
        self._tls = tls or ssl.create_default_context()
        self._answer_s, self._rest_s = answer_s, rest_s
        self._idle: list[_Line] = []
        self._away_until = 0.0

    @property
    def sender(self) -> Address:
        """Who mails are from."""
        return self._sender

    async def mail(self, message: EmailMessage) -> Outcome:
        """Send to the one recipient of its To. Never raises for what the relay or the network does."""
        if asyncio.get_running_loop().time() < self._away_until:
            return Later("the relay was not reached a moment ago")
        line: _Line | None = None
        try:
            async with asyncio.timeout(SEND_S):
                line = self._idle.pop() if self._idle else await self._connect()
                outcome = await self._send(line.client, message)
        except (SMTPException, OSError, TimeoutError) as error:
            if line is None:
                self._away_until = asyncio.get_running_loop().time() + self._rest_s
            else:
                line.client.close()
            return Later(_why(error))
        except BaseException:
            if line is not None:
                line.client.close()
            raise
        line.sent += 1
        if line.client.is_connected and line.sent < MESSAGES_A_CONNECTION:
            self._idle.append(line)
        else:
            await _hang_up(line.client)
        return outcome

    async def greet(self) -> Outcome:
        """Reach the relay as for a mail, TLS and login included, and send nothing. Never raises, as `mail`."""
        try:
            async with asyncio.timeout(SEND_S):
                line = await self._connect()
        except (SMTPException, OSError, TimeoutError) as error:
            return Later(_why(error))
        await _hang_up(line.client)
        return Accepted()

    async def rest(self) -> None:
        """Hang up: the run is over."""
        idle, self._idle = self._idle, []
        for line in idle:
            await _hang_up(line.client)

    async def _connect(self) -> _Line:
        client = SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            local_hostname=self._sender.domain,
            timeout=self._answer_s,
            use_tls=self._implicit,
            start_tls=False if self._implicit else None if self._may_be_clear else True,
            tls_context=self._tls,
        )
        await client.connect()
        return _Line(client)

    async def _send(self, client: SMTP, message: EmailMessage) -> Outcome:
        (recipient,) = message["To"].addresses
        options = ["RET=HDRS"] if client.supports_extension("dsn") else []  # a bounce without the link in it
        try:
            await client.sendmail(
                self._sender.addr_spec,
                [recipient.addr_spec],
                message.as_bytes(policy=WIRE),
                mail_options=options,
            )
        except SMTPRecipientsRefused as refused:
            first = refused.recipients[0]
            return _refused(first.code, first.message, "the recipient")
        except SMTPSenderRefused as refused:  # the operator's to mend: the member's address may be fine
            return Later(_told(refused.code, refused.message, "the sender"))
        except SMTPResponseException as refused:
            return _refused(refused.code, refused.message, "the message")
        return Accepted()

    def __repr__(self) -> str:
        """Never the password."""
        return "SmtpRelay(…)"


class _Line:
    """A connection, and how many messages went over it."""

    def __init__(self, client: SMTP) -> None:
        self.client, self.sent = client, 0


def _parts(url: SecretStr) -> SplitResult:
    try:
        parts = urlsplit(url.get_secret_value())
        usable = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise RelayUnclear("EARNEST_SMTP_URL must be smtp://user:password@host:587 or smtps://…")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


async def _hang_up(client: SMTP) -> None:
    try:
        await client.quit()
    except (SMTPException, OSError, TimeoutError):
        client.close()


PERMANENT: Final = 500
"""Reply codes from here on will not change by trying again (RFC 5321, 4.2.1)."""


def _refused(code: int, reply: str, what: str) -> Outcome:
    told = _told(code, reply, what)
    return Bounced(told) if code >= PERMANENT else Later(told)


def _told(code: int, reply: str, what: str) -> str:
    """The codes of a reply, without its words, which often quote the address."""
    enhanced = _ENHANCED.match(reply)
    return f"the relay said {code}{' ' + enhanced[0] if enhanced else ''} to {what}"


def _why(error: BaseException) -> str:
    """In words that hold no address and no password."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "the relay's certificate or TLS was not accepted"
        cause = cause.__cause__
    if isinstance(error, SMTPAuthenticationError):
        return f"the relay did not let us in: {error.code}"
    if isinstance(error, SMTPResponseException):
        return _told(error.code, error.message, "the connection")
    if isinstance(error, SMTPTimeoutError | TimeoutError):
        return "the relay did not answer in time"
    if isinstance(error, OSError):
        return "the relay was not reached, or hung up"
    if "STARTTLS" in str(error):
        return "the relay offers no STARTTLS, and nothing is sent in clear"
    return f"the relay was not understood: {type(error).__name__}"
