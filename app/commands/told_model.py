"""What a training says at its end: what was read, what was learned, how far it can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from rich.console import Console
from rich.table import Table

from app.offline.row_faults import RowFault
from detectors.forest.card import Card
from detectors.forest.gathering import Segment

REASONS_TOLD: Final = 5
"""Reasons for refused rows, the most frequent first; more would hide the rest."""
ANY: Final = "any"


class Refused(Protocol):
    """Rows that were left out; `app.offline.event_files.EventFiles` is one."""

    @property
    def faults(self) -> Sequence[RowFault]: ...
    @property
    def fault_counts(self) -> Mapping[str, int]: ...


def tell_refused(history: Refused, console: Console) -> None:
    """Rows that were left out: how many for which reason, and where the first of them is."""
    counts = sorted(history.fault_counts.items(), key=lambda one: (-one[1], one[0]))
    for reason, rows in counts[:REASONS_TOLD]:
        first = next(
            (
                fault
                for fault in history.faults
                if any(reason == f"{e.pointer} {e.message}".strip() for e in fault.errors)
            ),
            None,
        )
        where = (
            ""
            if first is None
            else f"; first: {first.file}, row {first.row}"
            if first.row
            else f"; {first.file}"
        )
        console.print(f"left out {rows:,}: {reason}{where}", style="yellow", markup=False, soft_wrap=True)
    if len(counts) > REASONS_TOLD:
        console.print(f"and {len(counts) - REASONS_TOLD:,} more reasons", style="yellow")


def tell_model(card: Card, out: Path, console: Console) -> None:
    """The closing table."""
    facts = Table.grid(padding=(0, 2))
    for name, text in _facts(card):
        facts.add_row(name, text)
    console.print(facts)
    segments = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    segments.add_column("segment", overflow="fold")
    for name in ("rows", "sampled", "median", "99th"):
        segments.add_column(name, justify="right")
    for one in card.segments:
        scores = (f"{one.quantiles[share]:.3f}" for share in ("0.5", "0.99"))
        segments.add_row(_named(one.segment), f"{one.rows:,}", f"{one.sampled:,}", *scores)
    console.print()
    console.print(segments)
    console.print()
    if card.left_out:
        left = ", ".join(f"{_named(one.segment)} ({one.rows:,})" for one in card.left_out)
        console.print(f"Too few rows, so not judged: {left}", soft_wrap=True, markup=False)
    for line in _checks(card):
        console.print(line, soft_wrap=True, markup=False)
    console.print(f"Model {card.version} in {out}", soft_wrap=True, markup=False)


def _facts(card: Card) -> list[tuple[str, str]]:
    notes = card.notes
    days = [str(notes[name])[:10] for name in ("from", "until", "learned_from")]
    rows = f"{notes['rows_read']:,} read, {notes['rows_refused']:,} refused"
    told = [
        ("Window", f"{days[0]} to {days[1]}; learned from {days[2]} on"),
        ("Rows", rows + (f", {notes['rows_repeated']:,} repeated" if "rows_repeated" in notes else "")),
    ]
    if "members" in notes:
        members = f"{notes['members_drawn']:,} of {notes['members']:,}"
        events = f"{notes['events_of_members']:,} of {notes['events']:,} events"
        told.append(("Members", f"{members}, with {events}"))
    return [
        *told,
        ("Learned", f"from {card.rows:,} events; {notes['events_known_fraud']:,} known to be fraud left out"),
    ]


def _checks(card: Card) -> list[str]:
    checks = card.checks
    above = 100 * float(checks["held_out_above_99th_percentile"])
    found = [
        f"Of {checks['held_out_rows']:,.0f} rows kept apart {above:.2f} % stand above the 99th percentile (1 % is right)",
        f"Scores equal scikit-learn's to {checks['greatest_difference_from_scikit_learn']:.0e}",
    ]
    if checks["features_that_never_varied"]:
        found.append(f"Features that never varied: {checks['features_that_never_varied']}")
    return found


def _named(segment: Segment) -> str:
    return " ".join(part or ANY for part in segment)
