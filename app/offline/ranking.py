"""How well a score ranks: abuse before honest trade, and the right accounts before an analyst's day is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    roc_auc_score,
    roc_curve,
)

from app.offline.labelling import SCORES

Floats = NDArray[np.float64]
FALSE_POSITIVE_RATE: Final = 0.01
"""Share of honest transactions at which recall is told: the contract's 1 %."""
CURVE_POINTS: Final = 150
"""Points of a curve that are kept, for drawing: finer than a line on paper."""
FINEST_RATE: Final = 1e-4
"""The smallest false-positive rate drawn: one honest transaction in 10,000."""


class CurvePoint(NamedTuple):
    """One cut-off: shares of honest and of bad transactions at or above it, and how many of those are bad."""

    false_positive_rate: float
    recall: float
    precision: float


@dataclass(frozen=True)
class Ranking:
    """
    How one score ranks labelled transactions. None where a class is missing or the detector never spoke.

    spoke: share of the labelled transactions the score was given for; elsewhere the detector abstained and ranks
           as 0, as the verdict takes it.
    """

    score: str
    spoke: float
    auc: float | None = None
    average_precision: float | None = None
    recall_at_1_percent: float | None = None
    curve: tuple[CurvePoint, ...] = ()


class DailyAccounts(NamedTuple):
    """Mean over days of bad accounts among the first k, of k; and what a perfect ranking would have got."""

    precision: float | None
    ceiling: float | None


def transactions(events: pl.DataFrame) -> pl.DataFrame:
    """Labelled events as transactions: the highest of each score, bad if any of its events is."""
    scores = [name for name in SCORES if name in events.columns]
    return (
        events.filter(pl.col("positive") | (pl.col("label") == "legitimate"))
        .group_by("transaction", maintain_order=True)
        .agg(pl.col("positive").any(), pl.col("action").max(), pl.col(scores).max())
    )


def rankings(told: pl.DataFrame) -> tuple[Ranking, ...]:
    """Every score of these transactions (see `transactions`)."""
    return tuple(_ranking(name, told) for name in SCORES if name in told.columns)


def _ranking(name: str, told: pl.DataFrame) -> Ranking:
    score, bad = told.get_column(name), told.get_column("positive").to_numpy()
    spoke = 1 - score.null_count() / told.height if told.height else 0.0
    if not spoke or bad.all() or not bad.any():
        return Ranking(name, spoke)
    values = score.fill_null(0.0).to_numpy()
    wrong, caught, _ = roc_curve(bad, values, drop_intermediate=False)
    return Ranking(
        name,
        spoke,
        float(roc_auc_score(bad, values)),
        float(average_precision_score(bad, values)),
        float(caught[wrong <= FALSE_POSITIVE_RATE].max()),
        _thinned(wrong, caught, int(bad.sum()), int((~bad).sum())),
    )


def _thinned(wrong: Floats, caught: Floats, bad: int, honest: int) -> tuple[CurvePoint, ...]:
    """The curve at cut-offs spread evenly over recall and over the logarithm of the false-positive rate."""
    half = CURVE_POINTS // 2
    at = np.concatenate(
        [
            np.searchsorted(caught, np.linspace(0, 1, half)),
            np.searchsorted(wrong, np.geomspace(FINEST_RATE, 1, half), side="right") - 1,
        ]
    )
    found = []
    for index in np.unique(at[at > 0]).tolist():  # at 0 nothing is called bad, and precision has no meaning
        hits, errors = caught[index] * bad, wrong[index] * honest
        found.append(CurvePoint(float(wrong[index]), float(caught[index]), float(hits / (hits + errors))))
    return tuple(found)


def daily_accounts(events: pl.DataFrame, k: int) -> DailyAccounts:
    """
    Account precision@k a day: each day (UTC) the k accounts with the highest risk above 0, those found bad on an
    earlier day left out; bad ones among them, of k. Accounts without a labelled event that day take no place.
    """
    days = (
        events.filter(pl.col("positive") | (pl.col("label") == "legitimate"))
        .group_by("day", "account_id")
        .agg(pl.col("positive").any(), pl.col("risk_score").max().fill_null(0.0))
        .sort("day", "risk_score", "account_id", descending=[False, True, False])
    )
    found: set[str] = set()
    hits, most = [], []
    for _, day in days.group_by("day", maintain_order=True):
        fresh = day.filter(~pl.col("account_id").is_in(list(found)))
        first = fresh.filter(pl.col("risk_score") > 0).head(k).filter("positive").get_column("account_id")
        hits.append(first.len() / k)
        most.append(min(k, fresh.filter("positive").height) / k)
        found.update(first)
    if not hits:
        return DailyAccounts(None, None)
    return DailyAccounts(float(np.mean(hits)), float(np.mean(most)))
