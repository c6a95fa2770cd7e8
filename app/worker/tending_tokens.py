"""What time does to tokens: their end, the destruction of their content, and the keys that come and go."""

from __future__ import annotations

import asyncio
from typing import Final

from app.ports.instants import Clock
from tokens.key_store import KeyStore
from tokens.ledger import Ledger

SWEEP_EVERY_S: Final = 1.0
"""Between two sweeps: content is destroyed within a second of its token's end. [tokens.md] R4."""
SWEEP_ROWS: Final = 500
"""Rows of a sweep: a few milliseconds in which others wait for the ledger's lock; a full one is followed at once."""
KEYS_EVERY_MS: Final = 60_000
"""Between two looks at the keys: tomorrow's is made a day ahead, so that no process ever waits for one."""


class Tending:
    """
    Sweeps the ledger, and sees that there are keys. Any number of workers may.

    Args:
        ledger: The tokens.
        keys: Their keys.
        clock: Milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, ledger: Ledger, keys: KeyStore, clock: Clock) -> None:
        self._ledger, self._keys, self._clock = ledger, keys, clock
        self._keys_due_ms = 0

    async def step(self) -> int:
        """
        End what is due, at most `SWEEP_ROWS`; how many rows that was. Once a minute, make the keys that are missing.

        Raises:
            app.ports.record.RecordAway: What was ended stays so.
        """
        now_ms = self._clock()
        if now_ms >= self._keys_due_ms:
            await asyncio.to_thread(self._keys.ensure, now_ms)
            self._keys_due_ms = now_ms + KEYS_EVERY_MS
        return await asyncio.to_thread(self._ledger.sweep, now_ms, SWEEP_ROWS)
