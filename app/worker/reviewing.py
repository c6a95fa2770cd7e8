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
COUNT_AT_ONCE: Final = 1_000
"""Numbers of the record counted by one transaction: some 20 ms in which another writer waits."""
GATHER_AT_ONCE: Final = 500
"""Numbers gathered by one transaction: opening their events takes 30 ms, outside it; writing 20 ms."""


def reviewing_chores(master: bytes, engine: Engine, sighter: Sighter) -> Sequence[Chore]:
    """The chores, over this database."""
    gathering = SqlGathering(engine, AccountKeys(Seal(derive(master, "record"))), sighter)
    return (
        _chore("figures", SqlCounting(engine).step, COUNT_AT_ONCE),
        _chore("identifiers", gathering.step, GATHER_AT_ONCE),
    )


def _chore(name: str, step: Callable[[int], int], at_once: int) -> Chore:
    async def read_on() -> int:
        return await asyncio.to_thread(step, at_once)

    return Chore(name, read_on, at_once, LOOK_EVERY_S)
