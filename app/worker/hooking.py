"""What the worker does for webhooks, put together: making messages of what happened, sending them, clearing up."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import Engine

from app.clock import system_clock
from app.keys import derive
from app.ports.instants import Clock
from app.seal import Seal
from app.settings import Settings
from app.store.sql.webhooks import SqlDeliveries, SqlProjection
from app.webhooks.guarding import Guard, networks
from app.webhooks.ports import Deliveries
from app.webhooks.posting import Poster
from app.webhooks.sending import Sender
from app.worker.chores import Chore, beside

PROJECT_EVERY_S: Final = 0.1
"""Between two looks at what happened: beside the journal's own 50 ms, what a backend waits for news."""
PROJECT_AT_ONCE: Final = 500
"""Numbers of each source a turn: some 20 ms in which another writer waits. A full turn is followed at once."""
SEND_EVERY_S: Final = 0.1
"""Between two looks at what is due, and two batches to an endpoint that fails."""
SWEEP_EVERY_S: Final = 60.0
SWEEP_ROWS: Final = 500
SENT_KEPT_MS: Final = 3 * 86_400_000
"""What was delivered can be looked at for three days: a weekend. Then it is gone."""
DEAD_KEPT_MS: Final = 30 * 86_400_000
"""Dead letters can be sent again for thirty days."""


class Projector:
    """Makes messages of what happened, a stretch at a time."""

    def __init__(self, step: Callable[[int, int], int], clock: Clock) -> None:
        self._step, self._clock = step, clock

    async def step(self) -> int:
        """Numbers read on. Raises RecordAway."""
        return await asyncio.to_thread(self._step, self._clock(), PROJECT_AT_ONCE)


class Sweeper:
    """Deletes messages that have been kept long enough."""

    def __init__(self, deliveries: Deliveries, clock: Clock) -> None:
        self._deliveries, self._clock = deliveries, clock

    async def step(self) -> int:
        """Messages deleted. Raises RecordAway."""
        now_ms = self._clock()
        return await asyncio.to_thread(
            self._deliveries.sweep, now_ms - SENT_KEPT_MS, now_ms - DEAD_KEPT_MS, SWEEP_ROWS
        )


@asynccontextmanager
async def hooking(
    settings: Settings, master: bytes, engine: Engine, stopping: asyncio.Event
) -> AsyncIterator[None]:
    """Do it all until the block ends; what is under way then gets a little time."""
    deliveries = SqlDeliveries(engine, Seal(derive(master, "webhooks")))
    guard = Guard(networks(settings.webhook_networks), https_only=settings.env == "production")
    poster = Poster(guard)
    sender = Sender(deliveries, poster.post, system_clock, random.SystemRandom().random)
    chores = (
        Chore(
            "webhook messages",
            Projector(SqlProjection(engine).step, system_clock).step,
            PROJECT_AT_ONCE,
            PROJECT_EVERY_S,
        ),
        Chore("webhook sending", sender.step, sys.maxsize, SEND_EVERY_S),
        Chore("webhook sweep", Sweeper(deliveries, system_clock).step, SWEEP_ROWS, SWEEP_EVERY_S),
    )
    try:
        async with beside(chores, stopping):
            try:
                yield
            finally:
                await sender.finish()
    finally:
        await poster.close()
