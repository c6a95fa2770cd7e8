"""What the record cannot take is not thrown away: it waits, sealed, in streams of its own for a person to look at."""

from __future__ import annotations

from app.store.packing import PARTITIONS
from app.store.pipeline import pack


def set_aside(sealed: bytes, tag: bytes = PARTITIONS[0]) -> bytes:
    """The packed command that keeps a sealed entry."""
    return pack(("XADD", b"dead" + tag, "*", "e", sealed))
