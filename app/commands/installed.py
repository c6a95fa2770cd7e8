"""An installation that is there already: its settings, its database and its master key, none of them made or changed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from app import data_dir as layout
from app.commands.options import plainly, settings_with
from app.keys import master_key
from app.settings import Settings
from app.store.sql import is_current, open_engine

TABLE_COLUMNS: Final = 240
"""More than any table of ours: a terminal folds a long line, where `rich` would leave columns out."""


class Installed(NamedTuple):
    """What a command needs of it."""

    settings: Settings
    engine: Engine
    master: bytes


@contextmanager
def installed(data_dir: Path | None) -> Iterator[Installed]:
    """Open it, beside a running server or without one; what is missing ends the command with exit code 1."""
    settings = settings_with(data_dir=data_dir)
    if settings.database_url is None and not layout.record_path(settings.data_dir).exists():
        raise click.ClickException(
            f"There is no record in {settings.data_dir}; name the directory with --data"
        )
    if settings.secret_key is None and not layout.secret_key_path(settings.data_dir).exists():
        raise click.ClickException(
            f"There is no key in {settings.data_dir}; restore it or set EARNEST_SECRET_KEY"
        )
    with plainly():
        engine = open_engine(settings.record_url)
        try:
            if not is_current(engine):
                raise click.ClickException("The database is not at this version; `earnest serve` migrates it")
            yield Installed(settings, engine, master_key(settings))
        finally:
            engine.dispose()


def told_instant(at_ms: int) -> str:
    """In UTC, to the second."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="seconds")


def shown_instant(at_ms: int) -> str:
    """The same in a table, to the second and without its zone."""
    return told_instant(at_ms)[:19].replace("T", " ")


def show_table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on standard output, with nothing cut off."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for name in names:
        table.add_column(name, no_wrap=name != names[-1])
    for row in rows:
        table.add_row(*map(str, row))
    Console(file=sys.stdout, width=TABLE_COLUMNS, highlight=False, markup=False).print(table)
