"""A member's session between "Continue" and the reward: it lives in the sealed cookie alone, and nowhere here."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from os import urandom
from typing import Final

import msgspec
from msgspec import Struct

from app.seal import Seal, SealBroken
from tokens.limits import REPLAY_S, SESSION_S, SKEW_S

SECRET_BYTES: Final = 32
"""What the answer's seal is made of: 256 random bits."""
COOKIE_CHARS: Final = 2_048
"""A longer one is not ours."""
PLACE: Final = b"session"
DEVICE_PLACE: Final = b"device"
DEVICE_BYTES: Final = 16
"""Of a browser's own name: 128 random bits, so that no two share one and none can be guessed."""
READABLE_S: Final = SESSION_S + REPLAY_S
"""Seconds a session is known for: what was released in its last second is still read for as long as any answer is."""


class Session(Struct, frozen=True, array_like=True):
    """
    One browser at one token.

    text:   the token's, as the link had it.
    secret: by which this browser is told from every other.
    """

    text: str
    secret: bytes
    begun_ms: int

    @property
    def hash(self) -> bytes:
        """What the stores know it by."""
        return sha256(b"session\0" + self.secret).digest()

    def is_over(self, now_ms: int) -> bool:
        """Whether it can only read what it released, and do nothing more."""
        return now_ms - self.begun_ms >= SESSION_S * 1_000


_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(Session).decode


def new_session(text: str, now_ms: int) -> Session:
    """A session that begins now."""
    return Session(text, urandom(SECRET_BYTES), now_ms)


def to_cookie(seal: Seal, session: Session) -> str:
    """The cookie's value."""
    return urlsafe_b64encode(seal.seal(_pack(session), PLACE)).decode().rstrip("=")


def of_cookie(seal: Seal, cookie: str | None, now_ms: int) -> Session | None:
    """The session of a cookie, if it is one of ours and `READABLE_S` have not passed; it may be over."""
    if cookie is None or not cookie or len(cookie) > COOKIE_CHARS:
        return None
    try:
        sealed = urlsafe_b64decode(cookie.encode("ascii") + b"=" * (-len(cookie) % 4))
        session: Session = _unpack(seal.open(sealed, PLACE))
    except (UnicodeEncodeError, binascii.Error, SealBroken, msgspec.MsgspecError):
        return None
    # Another machine's clock may be ahead of this one's.
    return session if -SKEW_S * 1_000 <= now_ms - session.begun_ms < READABLE_S * 1_000 else None


def new_device() -> str:
    """A name for a browser that has none: random, and nothing but a name."""
    return urandom(DEVICE_BYTES).hex()


def to_device_cookie(seal: Seal, device: str) -> str:
    """The cookie by which a browser is known again."""
    return urlsafe_b64encode(seal.seal(bytes.fromhex(device), DEVICE_PLACE)).decode().rstrip("=")


def of_device_cookie(seal: Seal, cookie: str | None) -> str | None:
    """The browser of a cookie, if it is one of ours."""
    if not cookie or len(cookie) > COOKIE_CHARS:
        return None
    try:
        sealed = urlsafe_b64decode(cookie.encode("ascii") + b"=" * (-len(cookie) % 4))
        return seal.open(sealed, DEVICE_PLACE).hex()
    except (UnicodeEncodeError, binascii.Error, SealBroken):
        return None
