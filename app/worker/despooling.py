"""Decisions made while the hot store was away: counted and journalled now that it is back."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Final

import structlog

from app.journal import Journal
from app.ports.instants import Clock
from app.ports.journal import Decided
from app.ports.record import Record
from app.settlement import settlement
from app.sighting import Sighter
from app.spool import Spool, Spooled
from app.store.pipeline import Pipeline
from app.store.valkey import ValkeyHistory
from app.worker.dead_letters import set_aside

AT_ONCE: Final = 200
"""Decisions a turn, so that the journal is not kept waiting: some 0.1 s."""

log = structlog.get_logger("earnest.worker")


class Despooler:
    """Brings what waits on this machine's disk to the hot store."""

    def __init__(
        self,
        spool: Spool,
        pipeline: Pipeline,
        record: Record,
        sighter: Sighter,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._spool, self._pipeline, self._record = spool, pipeline, record
        self._history = ValkeyHistory(pipeline)
        self._sighter, self._journal, self._clock = sighter, journal, clock

    async def step(self) -> int:
        """
        Bring a stretch, oldest first; how many that was. A file goes when its decision is journalled.

        Raises:
            app.ports.history.HotStoreAway, app.ports.record.RecordAway: The rest waits on.
        """
        done = 0
        for waiting in await asyncio.to_thread(_first, self._spool):
            await self._bring(waiting.entry)
            await asyncio.to_thread(waiting.path.unlink, missing_ok=True)
            done += 1
        return done

    async def _bring(self, entry: Decided) -> None:
        """Journal it, unless the event was meanwhile answered otherwise: then what was told here is set aside."""
        sealed = self._journal.seal(entry, self._clock())
        counts = await self._answer_that_counts(entry, sealed)
        if counts != entry.answer:
            log.error(
                "a decision made while the hot store was away was overtaken; set aside",
                decision_id=entry.decision_id,
            )
            await self._pipeline.call(set_aside(sealed))

    async def _answer_that_counts(self, entry: Decided, sealed: bytes) -> bytes | None:
        """The answer to this event from now on: this one, or one given elsewhere. None: its id is taken."""
        sighting = self._sighter.sight(entry.event).sighting
        word = await self._history.claim(sighting)
        if word == "conflict":
            return None
        if word in {"unsure", "unsure_pending"}:
            event = entry.event
            stored = await asyncio.to_thread(self._record.answer, event.program_id, event.event_id)
            if stored is not None and stored.body_hash != sighting.body_hash:
                await self._history.settle_claim(sighting, stored.body_hash)
                return None
            if stored is not None:
                return stored.answer
        seen = await self._history.observe(sighting)
        answer = self._journal.seal_answer(entry.answer, self._clock())
        settled = settlement(entry)._replace(rebuilding=not seen.complete)
        kept = await self._history.commit(sighting, answer, sealed, settled)
        return self._journal.open_answer(kept)


def _first(spool: Spool) -> list[Spooled]:
    return list(islice(spool.waiting(), AT_ONCE))
