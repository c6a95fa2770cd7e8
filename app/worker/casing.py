"""What the worker does for cases: opens them from the record, and moves on those whose instant has come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Engine

from app.clock import system_clock
from app.composition.cases import kept
from app.policy.file import DEFAULT_FILE, load
from app.settings import Settings
from app.store.sql.cases import SqlCaseSweep, SqlCasing
from app.worker.chores import Chore

OPEN_EVERY_S: Final = 1.0
"""Between two looks at what was recorded: a case stands within two seconds, sooner than a page is asked for again. Few at
a time cost most: one alone some twenty statements."""
OPEN_AT_ONCE: Final = 200
"""Flagged decisions a look. Where each opens a case of its own, which no honest day does, another writer waits some
100 ms for it; where there are none, nothing is written (`python -m benchmarks.cases`). While some are left the next look
follows at once."""
SWEEP_EVERY_S: Final = 5.0
"""Between two looks at leases, waiting cases and holds: they are counted in minutes and hours."""
SWEEP_AT_ONCE: Final = 200


def casing(settings: Settings, master: bytes, engine: Engine) -> Sequence[Chore]:
    """The chores, over this database."""
    needed = kept(master, load(settings.policy_file or DEFAULT_FILE))
    sweep = SqlCaseSweep(engine, needed)

    def chore(
        name: str, do: Callable[[int, int], int], at_once: int, every_s: float, full: int | None = None
    ) -> Chore:
        async def step() -> int:
            return await asyncio.to_thread(do, system_clock(), at_once)

        return Chore(name, step, full or at_once, every_s)

    return (
        chore("cases", SqlCasing(engine, needed).step, OPEN_AT_ONCE, OPEN_EVERY_S, full=1),
        chore("case leases", sweep.leases, SWEEP_AT_ONCE, SWEEP_EVERY_S),
        chore("case wake-ups", sweep.wakes, SWEEP_AT_ONCE, SWEEP_EVERY_S),
        chore("case holds", sweep.holds, SWEEP_AT_ONCE, SWEEP_EVERY_S),
    )
