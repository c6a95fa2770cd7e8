"""The journal's entries as bytes: sealed, because a journal outlives the process that writes it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec import msgpack

from app.keys import derive
from app.ports.journal import Decided, HoldEnded, JournalEntry, OutcomeTold, StepUpPassed
from app.seal import Seal

DAY_MS: Final = 86_400_000
PLACE: Final = b"journal/v1"
"""What an entry is bound to: bytes sealed elsewhere are not an entry."""
ANSWER: Final = b"answer/v1"
"""The same for an answer kept in the hot store for repeats: it names the account and may quote a list's reason."""
DAY_BYTES: Final = 4

_encoder = msgpack.Encoder()
_decoder: msgpack.Decoder[JournalEntry] = msgpack.Decoder(Decided | OutcomeTold | StepUpPassed | HoldEnded)


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
        return self._sealed(_encoder.encode(entry), PLACE, now_ms)

    def seal_answer(self, answer: bytes, now_ms: int) -> bytes:
        """An answer as it may lie in the hot store."""
        return self._sealed(answer, ANSWER, now_ms)

    def open(self, sealed: bytes) -> JournalEntry:
        """
        The entry again.

        Raises:
            app.seal.SealBroken: Sealed under another master key, or changed since.
        """
        return _decoder.decode(self._opened(sealed, PLACE))

    def open_answer(self, sealed: bytes) -> bytes:
        """The answer again. Raises SealBroken."""
        return self._opened(sealed, ANSWER)

    def _sealed(self, plain: bytes, place: bytes, now_ms: int) -> bytes:
        day = now_ms // DAY_MS
        return day.to_bytes(DAY_BYTES) + self._seal_of(day).seal(plain, place)

    def _opened(self, sealed: bytes, place: bytes) -> bytes:
        return self._seal_of(int.from_bytes(sealed[:DAY_BYTES])).open(sealed[DAY_BYTES:], place)

    def _seal(self, day: int) -> Seal:
        return Seal(derive(self._master, f"journal/{day}"))
