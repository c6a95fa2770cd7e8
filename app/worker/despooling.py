"""Decisions made while the hot store was away: counted and journalled now that it is back."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Final

from app.journal import Journal
from app.ports import Clock, Decided, History
from app.settlement import settlement
from app.sighting import Sighter
from app.spool import Spool, Spooled

AT_ONCE: Final = 200
"""Decisions a turn, so that the journal is not kept waiting: some 0.1 s."""


async def empty(spool: Spool, history: History, sighter: Sighter, journal: Journal, clock: Clock) -> int:
    """
    Bring what waits to the hot store, oldest first; how many that was. A file goes when its decision is journalled.

    Raises:
        app.ports.HotStoreAway: The rest waits on.
    """
    done = 0
    for waiting in await asyncio.to_thread(_first, spool):
        await _bring(waiting.entry, history, sighter, journal, clock)
        await asyncio.to_thread(waiting.path.unlink, missing_ok=True)
        done += 1
    return done


async def _bring(entry: Decided, history: History, sighter: Sighter, journal: Journal, clock: Clock) -> None:
    sighting = sighter.sight(entry.event).sighting
    if await history.claim(sighting) == "conflict":  # decided since under the same id, with another body
        return
    await history.observe(sighting)
    await history.commit(sighting, entry.answer, journal.seal(entry, clock()), settlement(entry))


def _first(spool: Spool) -> list[Spooled]:
    return list(islice(spool.waiting(), AT_ONCE))
