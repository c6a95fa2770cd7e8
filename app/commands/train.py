"""`earnest train`: a model from recorded events, or from the record of this installation."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.commands.instant import Instant
from app.commands.options import data_option, plainly, settings_with
from app.commands.told_model import tell_model, tell_refused
from app.data_dir import record_path
from app.offline.artefacts import CARD, write_artefact
from app.offline.event_files import EventFiles
from app.offline.known_fraud import UnreadableLabels, known_fraud
from app.offline.looking import HelperLost
from app.offline.recorded import train_on_record
from app.offline.row_faults import UnreadableHistory
from app.offline.training import Plan
from app.offline.training import train as train_on_files
from app.offline.window import NothingToLearn
from app.policy.file import DEFAULT_FILE, PolicyRefused, load
from app.settings import Settings
from app.store.sql import open_engine
from app.store.sql.vectors import VectorRecord
from detectors.forest.artefact import Artefact
from detectors.forest.card import Card, ModelRefused, read_card
from detectors.forest.fit import NothingLearned, Unfaithful

UNUSABLE: Final = (
    UnreadableHistory,
    UnreadableLabels,
    NothingToLearn,
    NothingLearned,
    Unfaithful,
    HelperLost,
    PolicyRefused,
)
"""What ends a training with exit code 1 and one message."""
MAX_SEED: Final = 2**63 - 1
LEFTOVERS: Final = ("mdl_*.safetensors", ".mdl_*.safetensors.*", f".{CARD}.*")
"""What a training that was killed may leave in its folder: not a model, and not foreign."""


@click.command(epilog="Example:  earnest train history/*.parquet --out model --until 2026-01-01T00:00:00Z")
@click.argument("events", nargs=-1, metavar="EVENTS…")
@click.option(
    "--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Where the model goes."
)
@click.option("--until", type=Instant(), metavar="INSTANT", help="Learn only from what happened before.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Events or accounts known to be fraud, not to be learned from.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, MAX_SEED),
    default=0,
    show_default=True,
    help="The same seed, the same model.",
)
@click.option(
    "--record", is_flag=True, help="Learn from what this installation has scored, instead of files."
)
@data_option
def train(
    events: tuple[str, ...],
    out: Path,
    until: datetime | None,
    labels: Path | None,
    seed: int,
    data_dir: Path | None,
    *,
    record: bool,
) -> None:
    """
    Fit the models of the anomaly detector. No labels are needed.

    EVENTS are files, folders or globs of NDJSON, CSV or Parquet. With --record the vectors of this installation's own
    decisions are taken instead, beside a running server; name as --out the model that scored them, to replace it.
    """
    if bool(events) == record:
        raise click.UsageError("name files, folders or globs of events, or give --record: one of the two")
    before = _model_there(out)
    settings = settings_with(data_dir=data_dir)
    try:
        fraud = None if labels is None else known_fraud(labels)
        plan = Plan(until, fraud, seed, settings.home_country, () if before is None else before.usual)
        with plainly():
            model = _from_record(settings, plan) if record else _from_files(events, settings, plan)
        _write(out, model)
    except UNUSABLE as error:
        raise click.ClickException(str(error)) from None
    tell_model(model.card, out, Console(file=sys.stdout, highlight=False))
    click.echo(f"\nNext:  earnest replay EVENTS… --model {out} --out decisions.parquet")
    click.echo(f"Then:  earnest models add {out} --activate")


def _from_files(events: tuple[str, ...], settings: Settings, plan: Plan) -> Artefact:
    policies = load(settings.policy_file or DEFAULT_FILE)
    with removed_on_stop(), EventFiles(events) as history:
        try:
            with _bars() as progress:
                return train_on_files(history, policies, plan, progress)
        finally:
            tell_refused(history, Console(stderr=True))


def _from_record(settings: Settings, plan: Plan) -> Artefact:
    own = record_path(settings.data_dir)
    if settings.database_url is None and not own.exists():
        raise NothingToLearn(f"there is no record in {settings.data_dir} yet")
    engine = open_engine(settings.record_url)
    try:
        with _bars() as progress:
            return train_on_record(VectorRecord(engine), plan, progress)
    finally:
        engine.dispose()


@contextmanager
def removed_on_stop() -> Iterator[None]:
    """SIGTERM ends what runs in here like Ctrl-C, so that the private copy of the history goes."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Bars:
    """A bar for each thing that is being done."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, of: int) -> None:
        """See `app.offline.training.Progress`."""
        if what not in self._tasks:
            self._tasks[what] = self._shown.add_task(what, total=of)
        self._shown.update(self._tasks[what], completed=done, total=of)


@contextmanager
def _bars() -> Iterator[_Bars]:
    """Bars on a terminal, nothing where standard error is piped."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:9}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        yield _Bars(shown)


def _model_there(out: Path) -> Card | None:
    """The card of the model to be replaced. A folder of anything else is a mistake in the command: exit code 2."""
    if not out.exists():
        return None
    if not out.is_dir():
        raise click.BadParameter(f"{out} is a file; a model is a folder", param_hint="--out")
    names = {path.name for path in out.iterdir()}
    own = {path.name for pattern in LEFTOVERS for path in out.glob(pattern)}
    if not names - own:
        return None
    try:
        return read_card((out / CARD).read_bytes())
    except (OSError, ModelRefused):
        raise click.BadParameter(
            f"{out} holds something else than a model; name a new folder", param_hint="--out"
        ) from None


def _write(out: Path, model: Artefact) -> None:
    """Put the model there; where that fails, no new folder is left behind."""
    new = not out.exists()
    try:
        write_artefact(out, model)
    except OSError as error:
        if new and out.is_dir() and not any(out.iterdir()):
            out.rmdir()
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
