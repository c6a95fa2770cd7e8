"""What is usual in a programme, learned from all its events: the scale that points are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import polars as pl
from msgspec import structs

from app.offline.columns import AT
from app.offline.sampling import MEMBER
from app.policy.file import PolicyFile
from detectors.forest.card import Usual
from detectors.policy import DEFAULT_SEGMENT
from detectors.snapshot import Segment

MONTH: Final = timedelta(days=30)
MOST_BURN: Final = 1_000.0
"""Points burned for each one earned, at most: beyond it the history lacks its earnings."""
MOST_POINTS: Final = 10**9
MOST_PER_MINOR: Final = 1e6
"""The card takes no more of any of the three."""


def usual(rows: pl.LazyFrame) -> tuple[Usual, ...]:
    """
    Of each programme in which points are earned, from its events.

    burn_per_earn:    all points redeemed over all points earned.
    month_points:     of each member who ever earned, the points earned in 30 days of the time between first and last
                      event, a month at least; of these the median.
    points_per_minor: the median over all purchases that brought points; 0 where there are none.
    """
    earned = pl.col("points").filter(pl.col("type") == "earn").sum()
    burned = pl.col("points").filter(pl.col("type") == "redeem").sum()
    known = pl.max_horizontal(pl.col(AT).max() - pl.col(AT).min(), pl.lit(MONTH))
    members = rows.group_by(MEMBER).agg(earned.alias("earned"), burned.alias("burned"), known.alias("known"))
    months = pl.col("known").dt.total_seconds() / pl.lit(MONTH).dt.total_seconds()
    rate = (pl.col("earned") / months).filter(pl.col("earned") > 0).median()
    of_members = (
        members.group_by("program_id")
        .agg(pl.col("earned").sum(), pl.col("burned").sum(), rate.alias("month"))
        .filter(pl.col("earned") > 0)
        .collect(engine="streaming")
        .sort("program_id")
    )
    paid = (pl.col("type") == "earn") & (pl.col("money.amount_minor") > 0) & (pl.col("points") > 0)
    per_minor = (pl.col("points") / pl.col("money.amount_minor")).median().alias("per_minor")
    of_purchases = dict(
        rows.filter(paid).group_by("program_id").agg(per_minor).collect(engine="streaming").iter_rows()
    )
    return tuple(
        Usual(
            name,
            _short(min(burned / earned, MOST_BURN)),
            min(max(1, round(month)), MOST_POINTS),
            _short(min(of_purchases.get(name, 0.0), MOST_PER_MINOR)),
        )
        for name, earned, burned, month in of_members.iter_rows()
    )


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def with_usual(policies: PolicyFile, learned: Sequence[Usual]) -> PolicyFile:
    """The policies as they are in force beside the model: what a programme has not said itself is what was learned."""
    programs = dict(policies.programs)
    for one in learned:
        policy = policies.programme(one.program_id)
        if policy.segment == DEFAULT_SEGMENT:
            segment = Segment(one.burn_per_earn, one.month_points, one.points_per_minor)
            programs[one.program_id] = replace(policy, segment=segment)
    return structs.replace(policies, programs=programs)
