"""How far a history reaches, and from when on one can learn from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import polars as pl

WARM_UP: Final = timedelta(days=30)
"""At the beginning of a history every device and store is new; after a tenure band (SETTLED_DAYS) most are known."""
WARM_UP_PART: Final = 10
"""Of a short history a tenth (1/10) is given up for that, no more."""
STRAGGLERS: Final = 0.02
"""This share of events may lie before the warm-up begins: a few old enrolments are not yet a history."""


class NothingToLearn(Exception):
    """No event is left to learn from. The message says why."""


class Counted(NamedTuple):
    """
    The events there are.

    events: how many.
    first:  instant of the first.
    last:   instant of the last.
    warm:   from here on events are learned from.
    months: how many in each month, in words.
    """

    events: int
    first: datetime
    last: datetime
    warm: datetime
    months: str


def counted(days: pl.DataFrame) -> Counted:
    """
    What days add up to.

    Args:
        days: `events` of a day, and the instants of its `first` and `last`; in any order, perhaps several rows a day.

    Raises:
        NothingToLearn: There is none.
    """
    if days.is_empty():
        raise NothingToLearn("there is no event to learn from, or none before the instant given")
    days = days.sort("first")
    first, last, events = days.select(
        pl.col("first").min(), pl.col("last").max(), pl.col("events").sum()
    ).row(0)
    begun = days.filter(pl.col("events").cum_sum() > STRAGGLERS * events)["first"][0]
    month = pl.col("first").dt.strftime("%Y-%m").alias("month")
    months = days.group_by(month).agg(pl.col("events").sum()).sort("month")
    return Counted(
        int(events),
        first,
        last,
        begun + min(WARM_UP, (last - begun) / WARM_UP_PART),
        ", ".join(f"{name} {count:,}" for name, count in months.iter_rows()),
    )
