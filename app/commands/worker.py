"""`earnest worker`: the background worker alone, beside web processes on other machines."""

from __future__ import annotations

from pathlib import Path

import click

from app import logs
from app.commands.options import data_option, plainly, settings_with
from app.processes.parts import SHIPPED, named
from app.store.embedded import answers


@click.command(
    epilog="Example:  EARNEST_REDIS_URL=redis://… EARNEST_DATABASE_URL=postgresql://… earnest worker"
)
@data_option
def worker(data_dir: Path | None) -> None:
    """
    Move the journal into the record, until SIGTERM.

    `earnest serve` runs one itself; this is for installations that spread over machines.
    """
    settings = settings_with(data_dir=data_dir)
    if settings.redis_url is None and not answers(settings.data_dir):
        raise click.ClickException(
            "No hot store: start `earnest serve` on this directory, or set EARNEST_REDIS_URL."
        )
    logs.configure(settings.log_level_number)
    with plainly():
        named(SHIPPED.worker)(settings)
