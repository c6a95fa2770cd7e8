"""Byte strings joined so that no two lists of them give the same: each goes in with its length in front."""

from __future__ import annotations

from typing import Final

LENGTH_BYTES: Final = 4
"""Bytes of each length, big-endian: enough for anything held in memory."""


def framed(*parts: bytes) -> bytes:
    """The parts, each after its length: what a MAC or associated data is made over."""
    return b"".join([len(part).to_bytes(LENGTH_BYTES, "big") + part for part in parts])
