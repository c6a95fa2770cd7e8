"""Where a score stands in its segment. A raw score means nothing; a share of what is usual does."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BODY_STEP: Final = 0.005
"""Between the levels up to the 90th percentile: nobody acts on finer differences there."""
PER_DECADE: Final = 64
"""Levels for each tenfold of rarity beyond: neighbours differ by 3.7 % of what is left above them."""
DECADES: Final = 4
"""From one in ten to one in 100,000, which is what SAMPLE_ROWS can tell."""
LEVELS: Final[Floats] = np.concatenate(
    [
        np.arange(1, 180) * BODY_STEP,
        1.0 - 10.0 ** -(1.0 + np.arange(DECADES * PER_DECADE + 1) / PER_DECADE),
    ]
)
"""The shares at which a segment's scores are kept, rising."""
ABOVE_ALL: Final = 1.0 + 2.0**-20
"""A score no row reaches (they end at 1), where the percentile would be 1."""


def quantiles(scores: Floats) -> Floats:
    """The scores at LEVELS. The k-th of n rows stands at k / (n + 1), so the most unusual one is not at 1."""
    return np.quantile(scores, LEVELS, method="weibull")


@dataclass(frozen=True, slots=True)
class Percentiles:
    """
    Shares of the segment's rows that are less unusual than a score.

    Straight lines between knots that rise in both directions, so that different scores get different shares: from
    0 at score 0 through the quantiles to 1 just above the greatest possible score. Where many rows share one
    score, that score gets the share below them, and any higher one the share with them.
    """

    scores: list[float]
    shares: list[float]
    slopes: list[float]

    @classmethod
    def of(cls, at_levels: Floats) -> Percentiles:
        """From the scores at LEVELS, never falling, each in (0, 1]."""
        distinct, first, count = np.unique(at_levels, return_index=True, return_counts=True)
        knots = [(0.0, 0.0)]
        for score, low, many in zip(distinct.tolist(), first.tolist(), count.tolist(), strict=True):
            knots.append((score, float(LEVELS[low])))
            above = float(np.nextafter(score, 2.0))
            if many > 1 and low + many < len(LEVELS) and above < at_levels[low + many]:
                knots.append((above, float(LEVELS[low + many - 1])))
        knots.append((ABOVE_ALL, 1.0))
        scores, shares = [one[0] for one in knots], [one[1] for one in knots]
        slopes = [(shares[i + 1] - shares[i]) / (scores[i + 1] - scores[i]) for i in range(len(knots) - 1)]
        return cls(scores, shares, slopes)

    def of_score(self, score: float) -> float:
        """The share for one score in (0, 1]; always inside (0, 1)."""
        knot = bisect_right(self.scores, score) - 1
        share = self.shares[knot] + (score - self.scores[knot]) * self.slopes[knot]
        return min(share, self.shares[knot + 1])  # rounding may reach past the next knot

    def of_scores(self, scores: Floats) -> Floats:
        """The same for many, to the same bit."""
        return np.array([self.of_score(score) for score in scores.tolist()])
