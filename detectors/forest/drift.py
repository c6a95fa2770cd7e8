"""Whether today's events still look like those the model learned from: the population stability index."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from detectors.thresholds import Threshold

Floats = NDArray[np.float64]
Band = Literal["too few", "stable", "watch", "act"]

BINS: Final = 10
"""Deciles: the usual cut of the index."""
FLOOR: Final = Threshold(
    1e-4, "share", "an empty bin would make the logarithm infinite", "domain: PSI, 10 quantile bins"
)
WATCH: Final = Threshold(0.1, "PSI", "below it a population counts as stable", "domain")
ACT: Final = Threshold(0.25, "PSI", "above it the model judges another population than it learned", "domain")
ENOUGH_ROWS: Final = Threshold(
    500,
    "rows",
    "chance alone gives about (bins - 1) / rows: 0.018 here, well under the first line",
    "Yurdakul and Naranjo, Statistical properties of the population stability index, 2020",
)


def edges(matrix: NDArray[np.floating]) -> Floats:
    """The nine inner deciles of each column, (d, 9), rising; actual values, so that repeated ones stay in one bin."""
    deciles = np.arange(1, BINS) / BINS
    found: Floats = np.quantile(matrix, deciles, axis=0, method="inverted_cdf").T.astype(np.float64)
    return found


def counts(cuts: Floats, matrix: NDArray[np.floating]) -> NDArray[np.int64]:
    """
    Rows of each column in each bin, (d, 10). Counts of several batches may simply be added.

    A value belongs to the first bin whose upper edge it does not exceed; where deciles coincide (a feature that is
    mostly 0), the bins between them are empty for everybody and add nothing to the index.
    """
    found = np.empty((len(cuts), BINS), np.int64)
    for column, inner in enumerate(cuts):
        bins = np.searchsorted(inner, matrix[:, column], side="left")
        found[column] = np.bincount(bins, minlength=BINS)
    return found


def shares(found: NDArray[np.int64]) -> Floats:
    """Counts as shares of their column; all 0 where nothing was counted."""
    part: Floats = found / np.maximum(found.sum(axis=-1, keepdims=True), 1)
    return part


def psi(expected: Floats, actual: Floats) -> Floats:
    """Σ (aᵢ - eᵢ)·ln(aᵢ / eᵢ) over the last axis, each share at least FLOOR. 0 for the same shares, never negative."""
    low = FLOOR.value
    was, now = np.maximum(expected, low), np.maximum(actual, low)
    total: Floats = ((now - was) * np.log(now / was)).sum(axis=-1)
    return total


def band(index: float, rows: int) -> Band:
    """What an index over so many rows asks for."""
    if rows < ENOUGH_ROWS.value:
        return "too few"
    if index < WATCH.value:
        return "stable"
    return "watch" if index <= ACT.value else "act"
