"""What a replay says beside its decisions: figures where there are labels, what another judge would change, a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl
from rich.console import Console

from app.offline.comparing import table_of, write_changed
from app.offline.figures import Figures, figures
from app.offline.figures_table import print_figures
from app.offline.replay_run import Judge
from app.offline.report import Faults, Meta, OtherReplay, write_report
from app.offline.report.changes import changes


class Wanted(NamedTuple):
    """What was asked for. `compared`: what to call the second judge."""

    sources: Sequence[str]
    out: Path
    labels: pl.DataFrame | None
    compared: str
    report: Path | None


def tell_replay(
    wanted: Wanted, judges: Sequence[Judge], rows: Sequence[pl.LazyFrame], faults: Faults, console: Console
) -> None:
    """Say it, and write the files that go with it. `rows`: of each judge. Raises OSError."""
    frames = [one.collect() for one in rows]
    truth = wanted.labels
    found: list[Figures] = [] if truth is None else [figures(frame, truth) for frame in frames]
    if found:
        print_figures(console, found[0])
    other = None
    if len(frames) > 1:
        other = OtherReplay(wanted.compared, frames[1], found[1] if found else None)
        console.print(table_of(changes(frames[0], frames[1]), wanted.compared))
        console.print(
            f"Each changed event is in {write_changed(wanted.out, *rows)}", soft_wrap=True, markup=False
        )
    if wanted.report is not None:
        policy, model = judges[0].version
        write_report(
            wanted.report,
            rows=frames[0],
            meta=Meta(policy=policy, model=model, sources=wanted.sources),
            figures=found[0] if found else None,
            faults=faults,
            compare=other,
            card=None if judges[0].model is None else judges[0].model.card,
        )
        console.print(f"The report is in {wanted.report}", soft_wrap=True, markup=False)
