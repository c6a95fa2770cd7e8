"""Whether today's events still look like those the model learned from: the population stability index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

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


class Drift(NamedTuple):
    """
    How far what one forest judged has moved from what it learned.

    forest:   index of the card's segment.
    rows:     judged since the counting began.
    features: PSI of each feature.
    score:    PSI of the score.
    """

    forest: int
    rows: int
    features: Floats
    score: float

    def moved(self, names: Sequence[str]) -> list[tuple[str, float, Band]]:
        """Features outside `stable`, most moved first; none where too few rows were judged."""
        said = [
            (name, float(index), band(float(index), self.rows))
            for name, index in zip(names, self.features, strict=True)
        ]
        return sorted((one for one in said if one[2] in {"watch", "act"}), key=lambda one: -one[1])


class DriftCount:
    """
    What a model judges, counted into the bins of its baseline. Keeps counts only, never a row.

    Args:
        cuts: The artefact's `drift_edge`, (forests, d + 1, 9); the last row of each is the score's.
        baseline: The artefact's `drift_share`, (forests, d + 1, 10).
    """

    def __init__(self, cuts: Floats, baseline: Floats) -> None:
        self._cuts, self._baseline = cuts, baseline
        self._counts = np.zeros(baseline.shape, np.int64)

    def add(self, forests: NDArray[np.int32], matrix: NDArray[np.float32], scores: Floats) -> None:
        """Rows with the forest that judged each (-1: none, not counted) and its score, as `place_many` gives them."""
        for forest in np.unique(forests[forests >= 0]).tolist():
            mine = np.flatnonzero(forests == forest)
            both = np.column_stack([matrix[mine].astype(np.float64), scores[mine]])
            self._counts[forest] += counts(self._cuts[forest], both)

    def found(self) -> list[Drift]:
        """The drift of each forest that judged anything, in the card's order."""
        indices = psi(self._baseline, shares(self._counts))
        rows = self._counts[:, -1].sum(axis=1)
        return [
            Drift(forest, int(rows[forest]), indices[forest, :-1], float(indices[forest, -1]))
            for forest in np.flatnonzero(rows).tolist()
        ]
