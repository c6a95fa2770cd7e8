"""Page cursors: where the last row stood, as opaque text. Both sides are here, so they cannot drift."""

from __future__ import annotations

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, NamedTuple

_LAYOUT: Final = struct.Struct(">cqq")


class BadCursor(ValueError):
    """The text is no cursor of this list: shortened, altered, or made for another list."""


class Position(NamedTuple):
    """A row's place in a list that is sorted newest first."""

    at_ms: int
    seq: int


NEWEST: Final = Position(2**63 - 1, 2**63 - 1)
"""Before the first row: above every instant and sequence number a 64-bit column can hold."""


def write_cursor(tag: bytes, position: Position) -> str:
    """The cursor that continues after `position` in the list with this one-byte tag."""
    return urlsafe_b64encode(_LAYOUT.pack(tag, *position)).rstrip(b"=").decode()


def read_cursor(tag: bytes, cursor: str | None) -> Position:
    """Where to continue; None starts at the newest row. Raises BadCursor."""
    if cursor is None:
        return NEWEST
    try:
        found, at_ms, seq = _LAYOUT.unpack(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, struct.error) as error:
        raise BadCursor(cursor) from error
    position = Position(at_ms, seq)
    if found != tag or write_cursor(tag, position) != cursor:
        raise BadCursor(cursor)
    return position
