"""What a message says, before it is written: the outbox keeps it sealed, the sender's language makes it a mail or a text.

A letter holds what its reader needs and nothing that identifies anybody else; a code and a link never share one.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from app.mail.addresses import punycode
from app.seal import Seal, place
from tokens.outbox import MessageKind
from tokens.token import Locale, Reward


class RewardLetter(Struct, frozen=True, tag="reward", kw_only=True):
    """The mail with the link. `needs_code`: how the member proves themselves; `timezone`: the times' in it."""

    to: str
    locale: Locale
    brand: str
    support: str
    link: str
    title: str | None
    not_before_ms: int
    expires_ms: int
    timezone: str
    needs_code: bool


class CodeLetter(Struct, frozen=True, tag="code", kw_only=True):
    """A code by text message or, where the policy allows it, by mail. `host` is the page it is to be typed into."""

    to: str
    locale: Locale
    brand: str
    support: str
    code: str
    reference: str
    host: str
    minutes: int


class LinkNotice(Struct, frozen=True, tag="link", kw_only=True):
    """A link for a programme that sends it by a messenger of its own."""

    token_id: str
    program_id: str
    account_id: str
    to: str
    locale: Locale
    link: str
    reward: Reward
    expires_ms: int


class RedeemedLetter(Struct, frozen=True, tag="redeemed", kw_only=True):
    """The notice that a reward was redeemed. `link`: "this was not me", good until `until_ms`."""

    to: str
    locale: Locale
    brand: str
    support: str
    link: str
    title: str | None
    points: int | None
    face_value_minor: int | None
    currency: str | None
    at_ms: int
    until_ms: int
    timezone: str


Letter = RewardLetter | CodeLetter | LinkNotice | RedeemedLetter

_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(Letter).decode


def message_id_of(own_id: str, host: str) -> str:
    """The whole Message-ID of what is sent for a token or challenge; a port has no place in one (RFC 5322, 3.6.4)."""
    name = punycode(urlsplit(f"//{host}").hostname or "localhost")
    return f"<{own_id}@[{name}]>" if ":" in name else f"<{own_id}@{name}>"


def seal_letter(seal: Seal, message_id: str, kind: MessageKind, letter: Letter) -> bytes:
    """The letter as the outbox keeps it, bound to its message."""
    return seal.seal(_pack(letter), place("outbox", kind, message_id))


def open_letter(seal: Seal, message_id: str, kind: MessageKind, sealed: bytes) -> Letter:
    """What `seal_letter` sealed. Raises SealBroken."""
    letter: Letter = _unpack(seal.open(sealed, place("outbox", kind, message_id)))
    return letter
