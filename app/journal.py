"""The journal's entries as bytes: sealed, because a journal outlives the process that writes it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec import msgpack

from app.keys import derive
from app.ports import Decided, JournalEntry, OutcomeTold
from app.seal import Seal

DAY_MS: Final = 86_400_000
PLACE: Final = b"journal/v1"
"""What an entry is bound to: bytes sealed elsewhere are not an entry."""
DAY_BYTES: Final = 4

_encoder = msgpack.Encoder()
_decoder: msgpack.Decoder[Decided | OutcomeTold] = msgpack.Decoder(Decided | OutcomeTold)


class Journal:
    """
    Seals and opens entries. Each day has a key of its own, so that random nonces stay far from their limit of
    2^32 messages a key (NIST SP 800-38D, 8.3); the day stands before the sealed bytes.
    """

    __slots__ = ("_master", "_seal_of")

    def __init__(self, master: bytes) -> None:
        self._master = master
        self._seal_of = lru_cache(maxsize=8)(self._seal)

    def seal(self, entry: JournalEntry, now_ms: int) -> bytes:
        """The entry as it may lie in a store."""
        day = now_ms // DAY_MS
        return day.to_bytes(DAY_BYTES) + self._seal_of(day).seal(_encoder.encode(entry), PLACE)

    def open(self, sealed: bytes) -> JournalEntry:
        """
        The entry again.

        Raises:
            app.seal.SealBroken: Sealed under another master key, or changed since.
        """
        seal = self._seal_of(int.from_bytes(sealed[:DAY_BYTES]))
        return _decoder.decode(seal.open(sealed[DAY_BYTES:], PLACE))

    def _seal(self, day: int) -> Seal:
        return Seal(derive(self._master, f"journal/{day}"))
