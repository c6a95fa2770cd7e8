"""For whoever tunes a detector: what was missed, and whom it touched why."""

from __future__ import annotations

import polars as pl

from app.offline.labelling import SCORES
from benchmarks.quality_run import Run
from benchmarks.quality_told import involved

MOST_GROUPS = 60


def misses(run: Run, typology: str) -> None:
    """The events of every incident of this kind of which no event was stopped."""
    told = run.rows.join(run.labels.filter(pl.col("typology") == typology), on="event_id")
    missed = told.filter((pl.col("decision") == "allow").all().over("incident_id"))
    print(
        f"{typology}: {missed['incident_id'].n_unique()} of {told['incident_id'].n_unique()} incidents missed"
    )
    for (incident,), events in missed.group_by("incident_id", maintain_order=True):
        print(f"\nincident {incident}: {events.height} events, {events['account_id'].n_unique()} accounts")
        print(
            f"  {'at':<19} {'type':<15}{'points':>8}  {'account':<14}"
            + "".join(f"{one[:9]:>10}" for one in SCORES)
        )
        for row in events.sort("occurred_at").iter_rows(named=True):
            scores = "".join(f"{'-' if row[one] is None else format(row[one], '.2f'):>10}" for one in SCORES)
            print(
                f"  {row['occurred_at']:%Y-%m-%d %H:%M:%S} {row['type']:<15}{row['points'] or '-':>8}  "
                f"{row['account_id'][:12]:<14}{scores}  {';'.join(row['reasons'])}"
            )


def touched(run: Run) -> None:
    """Honest events that were not allowed, counted by type, decision and reasons."""
    honest = (
        run.rows.join(run.labels, on="event_id", how="anti")
        .join(involved(run), on="event_id", how="anti")
        .filter(pl.col("decision") != "allow")
        .with_columns(pl.col("reasons").list.join(";"))
    )
    counts = honest.group_by("type", "decision", "reasons").agg(
        events=pl.len(), members=pl.col("account_id").n_unique()
    )
    print(f"{honest.height} honest events of {honest['account_id'].n_unique()} members touched")
    print(f"{'events':>7}{'members':>9}  {'type':<15}{'decision':<11}reasons")
    for row in (
        counts.sort("events", "type", "reasons", descending=[True, False, False])
        .head(MOST_GROUPS)
        .iter_rows()
    ):
        kind, decision, reasons, events, members = row
        print(f"{events:>7}{members:>9}  {kind:<15}{decision:<11}{reasons}")
