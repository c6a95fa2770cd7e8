"""`earnest replay`: history decided again, as live traffic would have been, into a file of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import click
import polars as pl
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.commands.instant import Instant
from app.commands.options import data_option, plainly, settings_with
from app.commands.told_model import tell_refused
from app.offline.artefacts import read_artefact
from app.offline.comparing import beside
from app.offline.known_fraud import UnreadableLabels, read_labels
from app.offline.labelling import BadLabels, labelled
from app.offline.reading_ahead import Progress as Reached
from app.offline.reading_ahead import ReaderLost, ReadingAhead
from app.offline.replay_parts import ENDINGS, OutputHeld, Parts, Plan
from app.offline.replay_rows import ROWS
from app.offline.replay_run import Judge, Strayed
from app.offline.replay_run import replay as replay_all
from app.offline.row_faults import UnreadableHistory
from app.offline.sources import find
from app.policy.file import DEFAULT_FILE, PolicyFile, PolicyRefused, load
from app.settings import Settings
from detectors.actions import ACTIONS
from detectors.forest.card import ModelRefused
from detectors.forest.features import NAMES, VERSION
from detectors.forest.segmented import SegmentedForest

UNUSABLE: Final = (
    UnreadableHistory,
    UnreadableLabels,
    BadLabels,
    PolicyRefused,
    ModelRefused,
    OutputHeld,
    ReaderLost,
    Strayed,
    OSError,
)
"""What ends a replay with exit code 1 and one message."""
EMPTY: Final = pl.DataFrame(schema=ROWS)
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER: Final = click.Path(path_type=Path, exists=True, file_okay=False)


class Asked(NamedTuple):
    """What the command line says, read and found sound."""

    events: tuple[str, ...]
    out: Path
    since: datetime | None
    judges: list[Judge]
    labels: pl.DataFrame | None
    compared: str
    report: Path | None
    region: str | None


@click.command(
    epilog="Example:  earnest replay history/*.parquet --model model --out decisions.parquet --report report.html"
)
@click.argument("events", nargs=-1, metavar="EVENTS…")
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A row for each event, as .parquet or .csv.",
)
@click.option("--model", type=_FOLDER, metavar="DIR", help="A model of `earnest train`.  [default: none]")
@click.option("--policy", type=_FILE, metavar="FILE", help="Decide by this one.  [default: the one in force]")
@click.option("--labels", type=_FILE, metavar="FILE", help="The truth, to print figures by.")
@click.option(
    "--score-from", "since", type=Instant(), metavar="INSTANT", help="Write only what happened from then on."
)
@click.option(
    "--compare",
    type=click.Path(path_type=Path, exists=True),
    metavar="POLICY|MODEL",
    help="Another policy file or model folder: say what it would change.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="An HTML page about it all.",
)
@data_option
def replay(
    *,
    events: tuple[str, ...],
    out: Path,
    model: Path | None,
    policy: Path | None,
    labels: Path | None,
    since: datetime | None,
    compare: Path | None,
    report: Path | None,
    data_dir: Path | None,
) -> None:
    """
    Decide recorded history by the code and the policy that decide live traffic.

    EVENTS are files, folders or globs of NDJSON, CSV or Parquet. They are decided in the order of their instants,
    each as if it had been asked at its own. An interrupted replay goes on where it was when it is run again.
    """
    if not events:
        raise click.UsageError("name at least one file, folder or glob of events")
    if out.suffix.lower() not in ENDINGS:
        raise click.BadParameter(f"{out} must end in {' or '.join(ENDINGS)}", param_hint="--out")
    _spare((path for path in (labels, policy, compare) if path), out, report, compare=compare is not None)
    settings = settings_with(data_dir=data_dir)
    try:
        judges, compared = _judges(settings, model, policy, compare)
        truth = None if labels is None else read_labels(labels)
        if truth is not None:
            labelled(EMPTY, truth)  # unusable labels are told now, not after an hour
        with plainly():
            _run(Asked(events, out, since, judges, truth, compared, report, settings.home_country))
    except UNUSABLE as error:
        raise click.ClickException(str(error)) from None


def _judges(
    settings: Settings, model: Path | None, policy: Path | None, compare: Path | None
) -> tuple[list[Judge], str]:
    """Who decides; with `--compare` a second who differs in one thing, and what to call it."""
    first = Judge(
        _policy(policy or settings.policy_file or DEFAULT_FILE), None if model is None else _model(model)
    )
    if compare is None:
        return [first], ""
    if compare.is_dir():
        other = Judge(first.policy, _model(compare))
        return [first, other], f"model {other.version[1]}"
    other = Judge(_policy(compare), first.model)
    return [first, other], f"policy {other.version[0]}"


def _spare(read: Iterable[Path], out: Path, report: Path | None, *, compare: bool) -> None:
    """No file that is read, and none that is written, may be written over: exit code 2."""
    taken = {path.resolve() for path in read}
    written = (("--out", out), ("--compare", beside(out) if compare else None), ("--report", report))
    for option, path in written:
        if path is None:
            continue
        if path.resolve() in taken:
            raise click.BadParameter(
                f"{path} is read or written already; name another file", param_hint=option
            )
        taken.add(path.resolve())


def _policy(path: Path) -> PolicyFile:
    try:
        return load(path)
    except PolicyRefused as refused:
        raise PolicyRefused([f"{path}: {problem}" for problem in refused.problems]) from None


def _model(folder: Path) -> SegmentedForest:
    return SegmentedForest(read_artefact(folder, NAMES, VERSION))


def _run(asked: Asked) -> None:
    told = Console(stderr=True)
    found = find(asked.events)
    _spare(found, asked.out, asked.report, compare=bool(asked.compared))
    files = [(str(path.resolve()), path.stat()) for path in found]
    plan = Plan(
        tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in files),
        tuple(judge.version for judge in asked.judges),
        asked.region,
    )
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    with Parts(asked.out, plan, len(asked.judges)) as parts:
        if parts.written:
            told.print("Going on with an interrupted replay.", style="yellow")
        with ReadingAhead(asked.events, asked.region) as history:
            try:
                with _bar(told) as reached:
                    replay_all(history, asked.judges, parts, asked.region, reached)
            except (UnreadableHistory, Strayed):
                parts.discard()  # there is nothing to go on with
                raise
            finally:
                tell_refused(history, told)
        if parts.rows(0, asked.since).head(1).collect().is_empty():
            parts.discard()
            raise click.ClickException(
                f"nothing happened at or after {asked.since}, so there is nothing to write"
            )
        _tell(asked, parts, history)
        parts.finish(asked.since)
        parts.discard()
    click.echo(f"Written to {asked.out}")


def _tell(asked: Asked, parts: Parts, history: ReadingAhead) -> None:
    """The summary, and whatever was asked for beside."""
    rows = [parts.rows(track, asked.since) for track in range(len(asked.judges))]
    console = Console(highlight=False)
    console.print(summary(rows[0]))
    if asked.labels is None and asked.report is None and len(rows) == 1:
        return
    from app.commands.told_replay import Wanted, tell_replay  # noqa: PLC0415 - loads scikit-learn: a second

    wanted = Wanted(asked.events, asked.out, asked.labels, asked.compared, asked.report)
    tell_replay(wanted, asked.judges, rows, history, console)


def summary(rows: pl.LazyFrame) -> Table:
    """How many events, and of how many members, got which decision."""
    counts = rows.group_by("decision").agg(events=pl.len(), members=pl.col("account_id").n_unique()).collect()
    found = {decision: (events, members) for decision, events, members in counts.iter_rows()}
    total = sum(events for events, _ in found.values())
    table = Table(title="Decisions", title_justify="left")
    table.add_column("decision")
    for title in ("events", "share", "members"):
        table.add_column(title, justify="right")
    for action in ACTIONS:
        events, members = found.get(action, (0, 0))
        table.add_row(action, f"{events:,}", f"{events / total:.2%}", f"{members:,}")
    return table


@contextmanager
def _bar(console: Console) -> Iterator[Reached]:
    """A bar on a terminal, nothing where standard error is piped."""
    columns = (TextColumn("replaying"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, of: shown.update(task, completed=done, total=of)
