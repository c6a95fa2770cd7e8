"""What the worker does for the console: counting the record into daily figures, gathering who used what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Engine

from app.keys import derive
from app.seal import Seal
from app.sighting import Sighter
from app.store.sql.account_keys import AccountKeys
from app.store.sql.reviewing.counting import SqlCounting
from app.store.sql.reviewing.gathering import SqlGathering
from app.worker.chores import Chore

LOOK_EVERY_S: Final = 1.0
"""Between two looks at the record: an analyst who labels sees the figures move at the next page."""
COUNT_AT_ONCE: Final = 500
"""Numbers of the record counted by one transaction: another writer waits 25 ms for it on a busy machine."""
GATHER_AT_ONCE: Final = 300
"""Numbers gathered by one transaction: opening their events takes 15 ms, outside it; writing 20 ms."""
BREATH_S: Final = 0.02
"""After each of many steps: about as long as one holds SQLite's lock, since who waits for that polls, and is never first
where it is taken again at once. Without it another process waited 3.8 s while a backlog was read; with a breath of each
chore alone 2.1 s, since one wrote while the other rested; with one for both 0.4 s: `benchmarks.console_chores`."""


RUSH_REST: Final = 9
"""Times as long as its step took a chore rests in a rush: deciding has the processors, and the figures follow. A tenth
of a core reads some 700 decisions a second (a tenth of what `benchmarks.console_pages` reads where it begins), the rest
when the rush is over. With two cores for everything one web
process decides 2,970 a second instead of 2,600 (`python -m benchmarks.decisions`)."""


def reviewing_chores(
    master: bytes, engine: Engine, sighter: Sighter, is_rush: Callable[[], bool] = lambda: False
) -> Sequence[Chore]:
    """The chores, over this database. `is_rush`: whether decisions come so fast that the rest has to wait."""
    turns = asyncio.Lock()  # while one takes its breath the other does too
    gathering = SqlGathering(engine, AccountKeys(Seal(derive(master, "record"))), sighter)
    return (
        _chore("figures", SqlCounting(engine).step, COUNT_AT_ONCE, turns, is_rush),
        _chore("identifiers", gathering.step, GATHER_AT_ONCE, turns, is_rush),
    )


def _chore(
    name: str, step: Callable[[int], int], at_once: int, turns: asyncio.Lock, is_rush: Callable[[], bool]
) -> Chore:
    ticks = asyncio.get_running_loop().time

    async def read_on() -> int:
        async with turns:
            began = ticks()
            done = await asyncio.to_thread(step, at_once)
            if done >= at_once:
                took = ticks() - began
                await asyncio.sleep(max(BREATH_S, RUSH_REST * took if is_rush() else 0.0))
            return done

    return Chore(name, read_on, at_once, LOOK_EVERY_S)
