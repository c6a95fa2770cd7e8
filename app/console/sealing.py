"""What the frame gives to a browser and takes back sealed: a form's token, a form kept over signing in, a notice."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from app.seal import Seal, SealBroken

T = TypeVar("T")

SECRET_FIELDS: Final = ("password", "code", "answer", "recovery")
"""Fields that begin so are never kept over signing in."""
KEPT_MS: Final = 43_200_000
"""How long a form is kept over signing in: 12 hours, a session's longest life."""
TOKEN_FIELD: Final = "form_token"  # noqa: S105 - the name of a field
KEPT_FIELD: Final = "kept"


class Kept(Struct, frozen=True, array_like=True):
    """A form that arrived after its session had ended: whose it was, and where it was going."""

    user_id: str
    path: str
    fields: dict[str, tuple[str, ...]]
    at_ms: int


class Sealing:
    """
    Args:
        seal: under a key used for nothing else.
    """

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def form_token(self, user_id: str, session_hash: bytes) -> str:
        """For every form of a session, so that only our own page can send it; it tells whose page that was."""
        return self.to_text(("form", user_id, session_hash), b"form")

    def form_of(self, token: str) -> tuple[str, bytes] | None:
        """Whose page, and of which session; None where no page of ours made it."""
        opened = self.of_text(token, b"form", tuple[str, str, bytes])
        return None if opened is None else opened[1:]

    def fits(self, token: str, session_hash: bytes) -> bool:
        """Whether the form is of this session."""
        opened = self.form_of(token)
        return opened is not None and compare_digest(opened[1], session_hash)

    def keep(self, user_id: str, path: str, fields: Mapping[str, tuple[str, ...]], now_ms: int) -> str:
        """A form, to be sent again after signing in."""
        held = {
            name: values
            for name, values in fields.items()
            if name != TOKEN_FIELD and not name.startswith(SECRET_FIELDS)
        }
        return self.to_text(Kept(user_id, path, held, now_ms), b"kept")

    def kept(self, text: str, now_ms: int) -> Kept | None:
        """What was kept, for as long as it is."""
        kept = self.of_text(text, b"kept", Kept)
        return kept if kept is not None and 0 <= now_ms - kept.at_ms < KEPT_MS else None

    def to_text(self, value: Any, place: bytes) -> str:
        """Anything of ours as opaque text, bound to what it is for."""
        return urlsafe_b64encode(self._seal.seal(msgspec.msgpack.encode(value), place)).decode().rstrip("=")

    def of_text(self, text: str, place: bytes, kind: type[T]) -> T | None:
        """Back again; None where it is not ours."""
        try:
            sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            return msgspec.msgpack.decode(self._seal.open(sealed, place), type=kind)
        except (UnicodeEncodeError, binascii.Error, SealBroken, msgspec.MsgspecError):
            return None
