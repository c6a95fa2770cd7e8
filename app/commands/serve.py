"""`earnest serve`: everything an installation runs, in one command."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click

from app import logs
from app.commands.options import data_option, plainly, settings_with
from app.processes.leash import leash
from app.processes.supervisor import serve as supervise


@click.command(epilog="Example:  earnest serve --demo")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="Port to listen on; 0 lets the system choose.  [default: 8000]",
)
@click.option("--workers", type=click.IntRange(1, 64), help="Web processes.  [default: 2]")
@click.option(
    "--demo",
    is_flag=True,
    help="To see it work: a key for a day, a first decision, and an invented programme that lives.",
)
@data_option
def serve(
    host: str | None, port: int | None, workers: int | None, data_dir: Path | None, *, demo: bool
) -> None:
    """
    Run the service: API, background worker and, unless you have your own, an embedded Valkey and SQLite.

    Whatever dies is started again. Ctrl-C or SIGTERM finishes what runs and stops; a second one forces it.
    """
    level = "warning" if demo else None
    settings = settings_with(host=host, port=port, workers=workers, data_dir=data_dir, log_level=level)
    if demo and settings.env == "production":
        raise click.UsageError("--demo is for trying things out, not for EARNEST_ENV=production.")
    logs.configure(settings.log_level_number)
    with plainly():
        ended_well = supervise(settings, on_ready=_demonstrate(settings.data_dir) if demo else _announce)
    sys.exit(0 if ended_well else 1)


def _announce(address: str) -> None:
    click.echo(f"Earnest answers at {address}")


def _demonstrate(data_dir: Path) -> Callable[[str], None]:
    def show(address: str) -> None:
        """In a process of its own: the supervisor must not wait for anybody."""
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "app.commands.first_run", address, str(data_dir)],
            stdin=subprocess.DEVNULL,
            preexec_fn=leash(signal.SIGKILL),  # noqa: PLW1509 - started by a process of one thread
        )

    return show
