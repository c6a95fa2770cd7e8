"""Work beside the journal, each in its own loop: a store that is away delays it, and no fault of one stops another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import structlog

from app.ports.history import HotStoreAway
from app.ports.record import RecordAway

AWAY_S: Final = 0.5
"""Before trying again when a store is away."""
FAULT_S: Final = 5.0
"""Before trying again after a fault of ours: what fails once fails often, and the log is to stay readable."""
FINISH_S: Final = 5.0
"""What a step under way gets when the worker ends: a relay's usual answer, and less than the supervisor's patience. A
message that is cut off then is sent again when its hold ends."""

log = structlog.get_logger("earnest.worker")


class Chore(NamedTuple):
    """
    Something to be done again and again.

    step:    does what waits, a bit of it; how much that was. May raise RecordAway and HotStoreAway.
    full:    a step that did so much is followed by the next at once.
    pause_s: seconds between two steps otherwise.
    """

    name: str
    step: Callable[[], Awaitable[int]]
    full: int
    pause_s: float


@asynccontextmanager
async def beside(chores: Sequence[Chore], stopping: asyncio.Event) -> AsyncIterator[None]:
    """Do the chores until the block ends; then `stopping` is set, and what is under way gets `FINISH_S` to finish."""
    tasks = [asyncio.create_task(_keep_doing(chore, stopping), name=chore.name) for chore in chores]
    try:
        yield
    finally:
        stopping.set()
        late = (await asyncio.wait(tasks, timeout=FINISH_S))[1]
        for task in late:
            log.warning("a chore did not finish in time", why=task.get_name())
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_doing(chore: Chore, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            done = await chore.step()
        except (HotStoreAway, RecordAway) as away:
            log.warning("a store is away; trying again", why=str(away))
            pause_s = AWAY_S
        except Exception:
            log.exception("a chore failed; trying again", why=chore.name)
            pause_s = FAULT_S
        else:
            pause_s = 0.0 if done >= chore.full else chore.pause_s
        if pause_s:
            await sleep(stopping, pause_s)


async def sleep(stopping: asyncio.Event, seconds: float) -> None:
    """Sleep, but not past the end of everything."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
