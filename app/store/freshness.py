"""How far the record is behind the journal, and waiting until a reader finds what it was just told."""

from __future__ import annotations

import asyncio
from typing import Final

from app.ports.history import HotStoreAway
from app.ports.instants import Clock
from app.store.packing import PARTITIONS
from app.store.pipeline import Pipeline, pack
from app.store.valkey import STATE_KEY

PATIENCE_S: Final = 1.0
"""A reader waits no longer for the record to catch up; then it gets what there is."""
POLL_S: Final = 0.01
_TAGS: Final = len(PARTITIONS)
_OLDEST: Final = b"".join(pack(("XRANGE", b"j" + tag, "-", "+", "COUNT", 1)) for tag in PARTITIONS)
_LENGTHS: Final = b"".join(pack(("XLEN", b"j" + tag)) for tag in PARTITIONS)


class Freshness:
    """Asks the journals of the hot store."""

    def __init__(self, pipeline: Pipeline, clock: Clock) -> None:
        self._pipeline, self._clock = pipeline, clock

    async def complete(self) -> bool:
        """Whether the hot state holds everything the record holds. Raises HotStoreAway."""
        return bool(await self._pipeline.execute("HEXISTS", STATE_KEY, "complete"))

    async def caught_up(self) -> None:
        """Wait until what was decided before now is in the record, a second at most."""
        now_ms = self._clock()
        try:
            async with asyncio.timeout(PATIENCE_S):
                # what is waited for happens in another process, so there is no event to wait on
                while (oldest := await self._oldest_ms()) is not None and oldest <= now_ms:  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)
        except (TimeoutError, HotStoreAway):
            return

    async def journal_lag(self) -> tuple[float, int]:
        """Age in seconds of the oldest entry not in the record, and how many there are. Zeros while it is away."""
        try:
            oldest = await self._oldest_ms()
            entries = sum(await self._pipeline.call(_LENGTHS, _TAGS))
        except HotStoreAway:
            return 0.0, 0
        return (0.0 if oldest is None else max(0, self._clock() - oldest) / 1_000), entries

    async def _oldest_ms(self) -> int | None:
        replies = await self._pipeline.call(_OLDEST, _TAGS)
        return min((int(reply[0][0].partition(b"-")[0]) for reply in replies if reply), default=None)
