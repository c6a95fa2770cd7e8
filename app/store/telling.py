"""Telling every worker that people said something: by the number that each decision reads anyway."""

from __future__ import annotations

import secrets
from typing import Final

from anyio import to_thread

from app.store.pipeline import Pipeline
from app.store.sql.heard import FeedbackRecord
from app.store.valkey import STATE_KEY, VERSION_BITS

TOLD: Final = "said"
"""Where the hot store keeps the version it was told, beside the number. It loses both or neither."""


class Telling:
    """
    Over both stores.

    Args:
        pipeline: To the hot store.
        record: Holds what was said.
    """

    def __init__(self, pipeline: Pipeline, record: FeedbackRecord) -> None:
        self._pipeline, self._record = pipeline, record

    async def tell(self) -> None:
        """Let every worker read again before its next decision. Raises RecordAway and HotStoreAway."""
        await self._told(await to_thread.run_sync(self._record.feedback_version))

    async def tell_if_due(self) -> bool:
        """The same where an act went untold; whether there was one. Raises as `tell`."""
        version = await to_thread.run_sync(self._record.feedback_version)
        if int(await self._pipeline.execute("HGET", STATE_KEY, TOLD) or 0) == version:
            return False
        await self._told(version)
        return True

    async def _told(self, version: int) -> None:
        number = secrets.randbits(VERSION_BITS)
        await self._pipeline.execute("HSET", STATE_KEY, "config", number, TOLD, version)
