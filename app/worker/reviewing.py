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


def reviewing_chores(master: bytes, engine: Engine, sighter: Sighter) -> Sequence[Chore]:
    """The chores, over this database."""
    turns = asyncio.Lock()  # while one takes its breath the other does too
    gathering = SqlGathering(engine, AccountKeys(Seal(derive(master, "record"))), sighter)
    return (
        _chore("figures", SqlCounting(engine).step, COUNT_AT_ONCE, turns),
        _chore("identifiers", gathering.step, GATHER_AT_ONCE, turns),
    )


def _chore(name: str, step: Callable[[int], int], at_once: int, turns: asyncio.Lock) -> Chore:
    async def read_on() -> int:
        async with turns:
            done = await asyncio.to_thread(step, at_once)
            if done >= at_once:
                await asyncio.sleep(BREATH_S)
            return done

    return Chore(name, read_on, at_once, LOOK_EVERY_S)
