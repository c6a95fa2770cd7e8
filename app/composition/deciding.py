"""Deciding, put together: the rules and models in force, the scorer, and how far the record is behind it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from app import metrics
from app.clock import system_clock
from app.composition.ground import Ground
from app.data_dir import spool_dir
from app.explaining import Explainer
from app.linking import Linker
from app.model_shelf import Shelf
from app.model_watch import ModelWatch
from app.outcomes import Outcomes
from app.problems import NOT_FOUND, Refused
from app.readiness import Readiness
from app.rulebook import Rulebook
from app.scoring import Scorer
from app.spool import Spool
from app.store.freshness import Freshness


class Decisions:
    """`app.api.context.Scorer`: deciding, and hearing what became of it."""

    def __init__(self, scorer: Scorer, outcomes: Outcomes) -> None:
        self.decide, self.decide_many, self.tell_outcome = scorer.decide, scorer.decide_many, outcomes.tell


class Deciding:
    """
    The scorer of one web worker, and what tells of it.

    decisions: decides, and hears outcomes.
    explain, links: why a decision came out as it did, and whose accounts belong together.
    unready: what is missing before the service can take traffic.
    caught_up: waits until the record holds what was decided before now.
    """

    def __init__(self, ground: Ground) -> None:
        record, sighter, file = ground.record, ground.sighter, ground.file
        self._settings, self._freshness = ground.settings, Freshness(ground.pipeline, system_clock)
        self._rulebook = Rulebook(file, record, sighter, pages=ground.base)
        self.shelf = Shelf(ground.settings.shelf_dir)
        self._models = ModelWatch(self.shelf, self._rulebook.adopt)
        spool = Spool(spool_dir(ground.settings.data_dir), ground.journal)
        self.decisions = Decisions(
            Scorer(
                ground.history, record, sighter, self._rulebook, ground.journal, spool, system_clock,
                time.perf_counter,
            ),
            Outcomes(ground.history, record, sighter, ground.journal, system_clock),
        )  # fmt: skip
        self.explain = Explainer(record, file).explain
        self.links = Linker(record, record, sighter, system_clock).links
        self.unready = Readiness(
            self._freshness.complete, record.ping, lambda: self._models.is_missing
        ).missing
        self.caught_up = self._freshness.caught_up

    async def exposition(self) -> bytes:
        """The metrics, how far the record is behind among them. Raises Refused where they are switched off."""
        if not self._settings.metrics:
            raise Refused(NOT_FOUND)
        lag_s, entries = await self._freshness.journal_lag()
        metrics.journal(lag_s, entries)
        return metrics.render()

    @contextlib.asynccontextmanager
    async def up_to_date(self) -> AsyncIterator[None]:
        """Rules and models read, and the models looked after meanwhile."""
        await self._models.look()
        await self._rulebook.begin(system_clock())
        looking = asyncio.create_task(self._models.keep_looking())
        try:
            yield
        finally:
            looking.cancel()
