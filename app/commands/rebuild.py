"""`earnest rebuild`: the hot state made anew from the record."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.clock import system_clock
from app.commands.options import data_option, plainly, settings_with
from app.journal import Journal
from app.keys import derive, master_key
from app.rebuilding import rebuild as replay
from app.seal import Seal
from app.settings import Settings
from app.sighting import Sighter
from app.store import embedded
from app.store.pipeline import Pipeline
from app.store.sql import SqlRecord, migrate, open_engine
from app.worker.recorder import Recorder

TIMEOUT_S: Final = 30.0
"""Seconds for one stretch of the rebuild: it works through the disk, not through a member's patience."""


@click.command(epilog="Example:  earnest rebuild --data /var/lib/earnest")
@click.option("--from-nothing", is_flag=True, help="Forget what is there first, instead of going on from it.")
@data_option
def rebuild(data_dir: Path | None, *, from_nothing: bool) -> None:
    """
    Make the hot state anew from the record, after Valkey lost it. Goes on where an interrupted one stopped.

    Works beside a running service, whose decisions say that they are incomplete until this is done.
    """
    settings = settings_with(data_dir=data_dir)
    with plainly():
        own = embedded.running(settings.data_dir) if settings.redis_url is None else nullcontext()
        with own:
            replayed = asyncio.run(_rebuild(settings, from_nothing=from_nothing))
    click.echo(f"{replayed} entries replayed")


async def _rebuild(settings: Settings, *, from_nothing: bool) -> int:
    master = master_key(settings)
    engine = open_engine(settings.record_url)
    pipeline = Pipeline(settings.hot_url, timeout_s=TIMEOUT_S)
    console = Console(stderr=True)
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        migrate(engine)
        await pipeline.open(patience_s=TIMEOUT_S)
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("", total=None)
            record = SqlRecord(engine, Seal(derive(master, "record")))
            sighter = Sighter(master, settings.home_country)
            recorder = Recorder(pipeline, record, Journal(master), sighter, system_clock)
            while await recorder.step():  # what is only in the journal would be forgotten
                pass

            def progress(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            return await replay(
                pipeline, record, sighter, progress, from_nothing=from_nothing, now_ms=system_clock()
            )
    finally:
        await pipeline.close()
        engine.dispose()
