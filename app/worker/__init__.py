"""The background worker: one process beside any number of web workers."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
from pathlib import Path
from typing import Final

import structlog
import uvloop

from app import metrics
from app.clock import system_clock
from app.data_dir import spool_dir
from app.journal import Journal
from app.keys import derive, master_key
from app.ports.history import HotStoreAway
from app.ports.record import RecordAway
from app.rebuilding import Rebuilding, is_complete, rebuild
from app.seal import Seal
from app.settings import Settings
from app.sighting import Sighter
from app.spool import Spool
from app.store.pipeline import Pipeline
from app.store.sql import SqlRecord, open_engine
from app.store.sql.audit import Audit
from app.store.syncing import SYNC_EVERY_S, sync
from app.worker import filters
from app.worker.casing import casing
from app.worker.chores import AWAY_S, beside, sleep
from app.worker.completing import completing
from app.worker.despooling import Despooler
from app.worker.ending import ending
from app.worker.feedback_chores import feedback_chores
from app.worker.hooking import hooking
from app.worker.lock_chores import lock_chores
from app.worker.recorder import Recorder
from app.worker.reviewing import reviewing_chores
from app.worker.token_chores import token_chores

IDLE_S: Final = 0.05
"""Between looks at the journal: what a reader of the record waits at most."""
FULL: Final = 1_000
"""Entries in a turn from which the next follows at once; below it they gather, since a commit costs a sync."""
RUSH: Final = 100
"""Entries in a turn from which what can wait does: above some 1,500 a second, a turn every 50 ms and what it takes."""
POLITENESS: Final = 10
"""Added to the process's nice value: where processors are short, decisions go first and the record catches up."""
COLLECT_AFTER: Final = 100_000
"""Objects made before the collector looks at the youngest: a full turn's, which die without its help."""
PATIENCE_S: Final = 20.0
"""For a reply of Valkey: large ones, and a rebuild's transactions."""

log = structlog.get_logger("earnest.worker")


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    os.nice(POLITENESS)
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    stopping = asyncio.Event()
    for told in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(told, stopping.set)
    master = master_key(settings)
    engine = open_engine(settings.record_url)
    pipeline = Pipeline(settings.hot_url, timeout_s=PATIENCE_S)
    journal, sighter = Journal(master), Sighter(master, settings.home_country)
    audit = Audit(derive(master, "audit"), metrics.audited)
    record = SqlRecord(engine, Seal(derive(master, "record")), audit)
    work = _Work(
        pipeline,
        record,
        sighter,
        journal,
        Spool(spool_dir(settings.data_dir), journal),
    )
    await pipeline.open(patience_s=PATIENCE_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    syncing = asyncio.create_task(_sync(settings.data_dir)) if settings.redis_url is None else None
    try:
        async with (
            hooking(settings, master, engine, stopping),
            beside(token_chores(settings, master, engine), stopping),
            beside([completing(engine, pipeline, record, sighter, journal)], stopping),
            beside([ending(engine, pipeline, sighter, journal)], stopping),
            beside(lock_chores(master, engine, pipeline, sighter), stopping),
            beside(casing(settings, master, engine), stopping),
            beside(feedback_chores(pipeline, record), stopping),
            beside(reviewing_chores(master, engine, sighter, lambda: work.is_rush), stopping),
        ):
            while not stopping.is_set():
                pause = await work.turn()
                if pause:
                    await sleep(stopping, pause)
            await work.turn()
    finally:
        if syncing is not None:
            syncing.cancel()
        await pipeline.close()
        engine.dispose()


async def _sync(data_dir: Path) -> None:
    """Every second, in a thread, since a disk may take its time; a disk that fails is told and tried again."""
    while True:
        try:
            await asyncio.to_thread(sync, data_dir)
        except OSError as error:
            log.warning("the hot store's file could not be put on the disk", why=str(error))
        await asyncio.sleep(SYNC_EVERY_S)


class _Work:
    """Everything there is to do, a bit at a time."""

    def __init__(
        self, pipeline: Pipeline, record: SqlRecord, sighter: Sighter, journal: Journal, spool: Spool
    ) -> None:
        self._pipeline, self._record, self._sighter = pipeline, record, sighter
        self._recorder = Recorder(pipeline, record, journal, sighter, system_clock)
        self._despooler = Despooler(spool, pipeline, record, sighter, journal, system_clock)
        self._until_filters = 0
        self.is_rush = False

    async def turn(self) -> float:
        """Do what waits; seconds to rest before the next turn."""
        try:
            if not await is_complete(self._pipeline):
                await self._restore()
            recorded = await self._recorder.step()
            self.is_rush = recorded >= RUSH
            self._until_filters -= recorded
            if self._until_filters <= 0:
                self._until_filters = await filters.ensure(self._pipeline, self._record, self._sighter)
            recorded += await self._despooler.step()
        except (HotStoreAway, RecordAway) as away:
            log.warning("a store is away; trying again", why=str(away))
            return AWAY_S
        return 0.0 if recorded >= FULL else IDLE_S

    async def _restore(self) -> None:
        """The hot store is new, or lost what it had."""
        self._until_filters = await filters.ensure(self._pipeline, self._record, self._sighter)
        log.info("the hot state is brought back from the record")
        recording = asyncio.create_task(self._record_on())
        try:
            done = await rebuild(
                self._pipeline, self._record, self._sighter, lambda _done, _total: None, now_ms=system_clock()
            )
        except Rebuilding:
            log.info("somebody else is bringing it back")
        else:
            log.info("the hot state is complete", entries=done)
        finally:
            recording.cancel()
            with contextlib.suppress(asyncio.CancelledError, HotStoreAway, RecordAway):
                await recording

    async def _record_on(self) -> None:
        """A rebuild takes minutes; the journal must not fill the hot store meanwhile."""
        while True:
            if not await self._recorder.step():
                await asyncio.sleep(IDLE_S)
