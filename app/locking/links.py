"""The links members lock their account by: sealed, so that they name nobody, and good for one purpose."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, Literal

import msgspec
from msgspec import Struct

from app.seal import Seal, SealBroken, place
from tokens.token import Locale

Purpose = Literal["not_me", "switch"]
"""`not_me`: dispute one redemption, once. `switch`: see how redeeming stands and switch it, for whoever is signed in
with the programme. What is sealed for one purpose opens for no other."""
MOST_CHARACTERS: Final = 1_024
"""Of a link's text: an account id of 128 four-byte characters takes less than 800."""


class Link(Struct, frozen=True, array_like=True):
    """What a link says. Append fields with defaults: links of the version before are read for two weeks."""

    program_id: str
    account_id: str
    expires_ms: int
    redemption_id: str
    locale: Locale | None = None


_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(Link).decode


class Links:
    """
    Writes and reads the texts of links.

    Args:
        seal: used for nothing else.
    """

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def write(self, purpose: Purpose, link: Link) -> str:
        """The text: URL-safe, without padding."""
        return urlsafe_b64encode(self._seal.seal(_pack(link), _place(purpose))).rstrip(b"=").decode()

    def read(self, purpose: Purpose, text: str) -> Link | None:
        """What a text says, if it is one of ours, spelled as we spell it; expired ones are read as well."""
        if len(text) > MOST_CHARACTERS or not text.isascii():
            return None
        try:
            sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            if urlsafe_b64encode(sealed).rstrip(b"=").decode() != text:
                return None
            return _unpack(self._seal.open(sealed, _place(purpose)))
        except (ValueError, SealBroken, msgspec.MsgspecError):
            return None


def _place(purpose: Purpose) -> bytes:
    return place("lock link", purpose)
