"""`earnest rebuild`: the hot state made anew from the record."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.commands.options import data_option, plainly, settings_with
from app.processes.parts import SHIPPED, named
from app.store import embedded

REBUILD: Final = "app.rebuilding:rebuild"
"""`(Settings, progress: Callable[[done: int, total: int], None]) -> int`, the number of entries replayed."""


@click.command(epilog="Example:  earnest rebuild --data /var/lib/earnest")
@data_option
def rebuild(data_dir: Path | None) -> None:
    """
    Make the hot state anew from the record: after a lost or foreign Valkey.

    Works beside a running service, whose decisions say that they are incomplete until this is done.
    """
    settings = settings_with(data_dir=data_dir)
    console = Console(stderr=True)
    with plainly():
        named(SHIPPED.migrate)(settings.record_url)
        if settings.redis_url is None:
            with embedded.running(settings.data_dir):
                replayed = _replay(settings, console)
        else:
            replayed = _replay(settings, console)
    click.echo(f"{replayed} entries replayed")


def _replay(settings: object, console: Console) -> int:
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("replaying", total=None)
        replayed: int = named(REBUILD)(
            settings, lambda done, total: bar.update(task, completed=done, total=total)
        )
    return replayed
