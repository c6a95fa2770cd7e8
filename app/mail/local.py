"""Instead of a relay and a messenger, for development: each message a private file, for a page to show."""

from __future__ import annotations

import asyncio
import email
import os
import re
import secrets
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec

from app.data_dir import make_private
from app.mail.notices import Link, Notice, Sms
from app.mail.outcomes import Accepted, Outcome
from app.ports.instants import Clock

NEWEST_KEPT: Final = 200
"""Messages. Older ones are removed: a development page shows what just happened."""
LONGEST_BYTES: Final = 1_000_000
"""Of a file that is read: ours are a hundredth of it."""
SENDER: Final = Address("", "rewards", "localhost")
"""Who mails are from where nobody is named; the brand is put before it."""
NAME: Final = re.compile(r"[0-9]{13}-[0-9a-f]{12}\.(?:eml|json)", re.ASCII)
"""Milliseconds since 1970-01-01 UTC, chance, and what it is."""


class Kept(NamedTuple):
    """A message as kept. `subject` and `html` are empty but for a mail; `text` of a link notice is its JSON."""

    name: str
    kind: Literal["mail", "sms", "link"]
    to: str
    subject: str
    text: str
    html: str
    at_ms: int


class LocalBox:
    """
    Both a relay and a courier that send nothing anywhere.

    Args:
        directory: made, for this user alone, when the first message is kept.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory, self._clock = directory, clock

    @property
    def sender(self) -> Address:
        """Who mails are from."""
        return SENDER

    async def mail(self, message: EmailMessage) -> Outcome:
        """Keep the mail as `.eml`. Raises OSError where the disk does not take it."""
        await asyncio.to_thread(self._keep, message.as_bytes(policy=SMTP), "eml")
        return Accepted()

    async def post(self, notice: Notice) -> Outcome:
        """Keep the notice as JSON. Raises OSError."""
        content = msgspec.json.format(msgspec.json.encode({"kind": notice.kind, "data": notice.data}))
        await asyncio.to_thread(self._keep, content, "json")
        return Accepted()

    async def rest(self) -> None:
        """Nothing is held open."""

    def listing(self) -> list[Kept]:
        """What is kept, newest first."""
        found = (self.read(name) for name in self._names())
        return [kept for kept in found if kept is not None]

    def read(self, name: str) -> Kept | None:
        """The message of that name; None where there is none, or the name is no name."""
        if not NAME.fullmatch(name):
            return None
        try:
            fd = os.open(self._directory / name, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(fd, "rb") as file:
                content = file.read(LONGEST_BYTES)
        except OSError:
            return None
        read = _mail if name.endswith(".eml") else _notice
        return read(name, int(name[:13]), content)

    def _names(self) -> list[str]:
        try:
            return sorted(
                (path.name for path in self._directory.iterdir() if NAME.fullmatch(path.name)), reverse=True
            )
        except FileNotFoundError:
            return []

    def _keep(self, content: bytes, ending: str) -> None:
        """Complete before it has its name; then the oldest go."""
        make_private(self._directory)
        name = f"{self._clock():013d}-{secrets.token_hex(6)}.{ending}"
        draft = self._directory / f".{name}"
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(content)
        draft.rename(self._directory / name)
        for old in self._names()[NEWEST_KEPT:]:
            (self._directory / old).unlink(missing_ok=True)


def _mail(name: str, at_ms: int, content: bytes) -> Kept:
    message = email.message_from_bytes(content, EmailMessage, policy=SMTP)
    parts = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    text, html = (_content(parts[kind]) for kind in ("plain", "html"))
    return Kept(name, "mail", str(message["To"]), str(message["Subject"]), text, html, at_ms)


def _content(part: Any) -> str:
    return "" if part is None else str(part.get_content())


class _Sms(msgspec.Struct, tag_field="kind", tag="sms"):
    data: Sms


class _Link(msgspec.Struct, tag_field="kind", tag="link"):
    data: Link


_decode: Final = msgspec.json.Decoder(_Sms | _Link).decode


def _notice(name: str, at_ms: int, content: bytes) -> Kept | None:
    try:
        notice = _decode(content)
    except msgspec.MsgspecError:
        return None
    if isinstance(notice, _Sms):
        return Kept(name, "sms", notice.data.to, "", notice.data.text, "", at_ms)
    text = msgspec.json.format(msgspec.json.encode(notice.data), indent=2).decode()
    return Kept(name, "link", notice.data.to, "", text, "", at_ms)
