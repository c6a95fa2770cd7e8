"""What another policy or model would have changed: a table for a person, and a file of the events for a program."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from rich.table import Table

from app.offline.replay_parts import write_table
from app.offline.report.changes import Changes

KEPT = ("event_id", "account_id", "occurred_at", "type", "program_id", "points")
JUDGED = ("decision", "risk_score", "source", "reasons", "messages")


def changed_events(rows: pl.LazyFrame, other: pl.LazyFrame) -> pl.LazyFrame:
    """
    Events that the other judge decides otherwise, in order.

    Both must be of the same events in the same order. Columns of the other judge end in `_compared`.
    """
    theirs = other.select(pl.col(name).alias(f"{name}_compared") for name in JUDGED)
    both = pl.concat([rows.select(*KEPT, *JUDGED), theirs], how="horizontal")
    return both.filter(pl.col("decision") != pl.col("decision_compared"))


def beside(out: Path) -> Path:
    """Where the changed events go: `decisions.parquet` → `decisions.compared.parquet`."""
    return out.with_name(f"{out.stem}.compared{out.suffix}")


def write_changed(out: Path, rows: pl.LazyFrame, other: pl.LazyFrame) -> Path:
    """The changed events as a file beside the output, of the same kind. Returns which."""
    path = beside(out)
    write_table(path, changed_events(rows, other))
    return path


def table_of(found: Changes, name: str) -> Table:
    """What would change, by old and new decision."""
    table = Table(title=f"What {name} would change", title_justify="left")
    table.add_column("decided")
    table.add_column("would be")
    for title in ("events", "members", "points"):
        table.add_column(title, justify="right")
    for one in found.rows:
        points = "–" if one.points is None else f"{one.points:,}"
        table.add_row(one.here, one.there, f"{one.events:,}", f"{one.members:,}", points)
    table.add_section()
    share = found.changed / found.both if found.both else 0.0
    table.add_row("all changes", f"{share:.2%} of events", f"{found.changed:,}", f"{found.members:,}", "")
    return table
