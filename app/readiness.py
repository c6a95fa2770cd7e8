"""Whether the service can take traffic. Anybody may ask, so the answer names what is missing and nothing of why."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from app.ports.history import HotStoreAway
from app.ports.record import RecordAway

HOT_STORE_AWAY: Final = "hot store: away"
RECORD_AWAY: Final = "record: away"
MODEL_MISSING: Final = "model: the active one cannot be loaded"
REBUILDING: Final = "the hot state is being rebuilt from the record"

log: Final = structlog.get_logger("earnest.readiness")


class Readiness:
    """
    Asks both stores, and whether there is the model that should judge.

    Args:
        complete: whether the hot store holds everything; raises HotStoreAway.
        ping: of the record, run in a thread; raises RecordAway.
        model_missing: whether a model is wanted and none could be loaded at all; the watch has logged why.
    """

    def __init__(
        self,
        complete: Callable[[], Awaitable[bool]],
        ping: Callable[[], None],
        model_missing: Callable[[], bool] = lambda: False,
    ) -> None:
        self._complete, self._ping, self._model_missing = complete, ping, model_missing

    async def missing(self) -> Sequence[str]:
        """What is missing, in words for anybody; empty when the service can take traffic. The log has the reasons."""
        missing = []
        try:
            if not await self._complete():
                missing.append(REBUILDING)
        except HotStoreAway as away:
            log.warning("not ready: the hot store is away", why=str(away))
            missing.append(HOT_STORE_AWAY)
        try:
            await asyncio.to_thread(self._ping)
        except RecordAway as away:
            log.warning("not ready: the record is away", why=str(away))
            missing.append(RECORD_AWAY)
        if self._model_missing():
            missing.append(MODEL_MISSING)
        return missing
