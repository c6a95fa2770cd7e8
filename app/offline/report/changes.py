"""What another policy or model would have changed: the same events, decided twice."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from app.offline.figures import Figures
from detectors.actions import ACTIONS, SEVERITY


class OtherReplay(NamedTuple):
    """The same history under another policy or model, called `name`; its figures where there are labels."""

    name: str
    rows: pl.DataFrame
    figures: Figures | None = None


class Change(NamedTuple):
    """Events decided one way here and another way there, how many members that concerns, and their points."""

    here: str
    there: str
    events: int
    members: int
    points: int | None

    @property
    def sterner(self) -> bool:
        """Whether the other replay is the sterner of the two."""
        return SEVERITY[self.there] > SEVERITY[self.here]  # type: ignore[index]


class Changes(NamedTuple):
    """All of it. `only_here`, `only_there`: events one of the two did not decide."""

    both: int
    changed: int
    members: int
    only_here: int
    only_there: int
    rows: list[Change]


def changes(rows: pl.DataFrame, other: pl.DataFrame) -> Changes:
    """Hold two replays against each other, event by event."""
    keys = [key for key in ("program_id", "event_id") if key in rows.columns and key in other.columns]
    theirs = other.select(*keys, there="decision")
    both = rows.join(theirs, on=keys, how="inner")
    changed = both.filter(pl.col("decision") != pl.col("there"))
    points = pl.col("points").sum() if "points" in rows.columns else pl.lit(None)
    grouped = changed.group_by(here="decision", there="there").agg(
        events=pl.len(), members=pl.col("account_id").n_unique(), points=points
    )
    found = [Change(*row) for row in grouped.iter_rows()]
    return Changes(
        both.height,
        changed.height,
        changed.get_column("account_id").n_unique(),
        rows.height - both.height,
        other.height - both.height,
        sorted(found, key=lambda one: (ACTIONS.index(one.here), ACTIONS.index(one.there))),
    )
