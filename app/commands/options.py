"""What every command shares: the data directory, the settings it leads to, and errors in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from app.data_dir import DirectoryHeld
from app.ports.history import HotStoreAway
from app.ports.record import RecordAway
from app.processes.tending import GivenUp
from app.rebuilding import Rebuilding
from app.settings import Settings, SettingsFaulty, load
from app.store.embedded import NotStarted

F = TypeVar("F", bound=Callable[..., object])

EXPECTED = (SettingsFaulty, DirectoryHeld, NotStarted, GivenUp, HotStoreAway, RecordAway, Rebuilding)
"""What may go wrong without anything being wrong with the program: said in a sentence, exit code 1."""


def data_option(command: F) -> F:
    """`--data DIR`, which every command takes."""
    return click.option(
        "--data",
        "data_dir",
        metavar="DIR",
        type=click.Path(path_type=Path, file_okay=False),
        help="Directory of the installation (or EARNEST_DATA_DIR).  [default: ./data]",
    )(command)


def settings_with(**given: Any) -> Settings:
    """The settings, with what the command line gave on top; faults end the command with exit code 1."""
    with plainly():
        return load(**given)


@contextmanager
def plainly() -> Iterator[None]:
    """Say what is expected to go wrong now and then in one message instead of a traceback."""
    try:
        yield
    except EXPECTED as error:
        raise click.ClickException(str(error)) from None
