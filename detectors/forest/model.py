"""Isolation trees as flat arrays: every tree goes down one level at a time, all of them at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

STEPS_AT_ONCE: Final = 14_000
"""Rows × trees in one piece of a batch: its index arrays (8 bytes each) stay in the second-level cache."""

Row = NDArray[np.float32]
Floats = NDArray[np.float64]


def floor_float32(values: Floats) -> NDArray[np.float32]:
    """The greatest float32 not above each value: for a float32 x, x <= value exactly where x <= its floor."""
    with np.errstate(over="ignore"):
        near = values.astype(np.float32)
        below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near > values, below, near).astype(np.float32)


def average_path(rows: NDArray[np.integer]) -> Floats:
    """
    c(n): splits that an unsuccessful search takes on average in a tree of n rows. 0 for one row, 1 for two.

    Source: Liu, Ting and Zhou, Isolation Forest, ICDM 2008, equation 1, with scikit-learn's H(i) = ln i + Euler.
    """
    many = np.maximum(rows, 3).astype(np.float64)
    long = 2.0 * (np.log(many - 1.0) + np.euler_gamma) - 2.0 * (many - 1.0) / many
    return np.where(rows > 2, long, np.where(rows == 2, 1.0, 0.0))  # noqa: PLR2004  the definition's own cases


@dataclass(frozen=True, slots=True)
class Trees:
    """
    The trees of one forest, each filled up to the same depth, so that no array points anywhere: the children of
    the node at place i of one level stand at 2i and 2i + 1 of the next. Levels hold all trees, tree after tree.

    feature:   per level, the feature of each split, uint8; 0 where a tree has ended.
    threshold: per level, float32; a row goes left where x <= threshold. +inf where a tree has ended.
    expected:  per level and one more, the splits a training row below this node takes on average, from the root,
               with what is still to come in a leaf of several rows. At the last level the path length itself.
    scale:     c(samples), splits.
    """

    feature: tuple[NDArray[np.uint8], ...]
    threshold: tuple[NDArray[np.float32], ...]
    expected: tuple[Floats, ...]
    scale: float

    @classmethod
    def of(cls, trees: int, feature: NDArray[np.uint8], threshold: Row, rows: NDArray[np.uint16]) -> Trees:
        """
        Unfold what the artefact holds of one forest. Any numbers give some forest: nothing can loop or point astray.

        Args:
            trees: How many.
            feature: Of each split, all levels in a row, trees × (2^depth - 1) long.
            threshold: The same; finite, or +inf where a tree has ended.
            rows: Training rows at each place of the last level, trees × 2^depth long.
        """
        depth = (len(rows) // trees).bit_length() - 1
        cuts = [trees * (2**level - 1) for level in range(depth + 1)]
        features = tuple(feature[low:high] for low, high in pairwise(cuts))
        thresholds = tuple(threshold[low:high] for low, high in pairwise(cuts))
        splits = np.zeros(trees)
        for limits in thresholds:
            splits = np.repeat(splits + np.isfinite(limits), 2)
        weight = rows.astype(np.float64)
        expected = [splits + average_path(rows)]
        for limits in reversed(thresholds):
            below, total = expected[0], weight[0::2] + weight[1::2]
            mean = (weight[0::2] * below[0::2] + weight[1::2] * below[1::2]) / np.maximum(total, 1.0)
            expected.insert(0, np.where(np.isfinite(limits), mean, below[0::2]))
            weight = total
        scale = float(average_path(np.rint(weight[:1]).astype(np.int64))[0])
        return cls(features, thresholds, tuple(expected), scale)

    def score(self, row: Row) -> float:
        """How unusual one row is, in (0, 1]: 2^(-mean path / c(samples)), as scikit-learn's -score_samples."""
        at = row.take(self.feature[0]) > self.threshold[0]
        place = np.arange(0, 2 * len(at), 2)
        place += at
        for feature, threshold in zip(self.feature[1:], self.threshold[1:], strict=True):
            right = row.take(feature.take(place)) > threshold.take(place)
            place += place
            place += right
        return self._score(float(self.expected[-1].take(place).sum()) / len(at))

    def scores(self, rows: Row) -> Floats:
        """The same for many rows, (n, d) float32, to the same bit."""
        trees, (count, width) = len(self.feature[0]), rows.shape
        paths = np.empty(count)
        step = max(1, STEPS_AT_ONCE // trees)
        for low in range(0, count, step):
            some = rows[low : low + step]
            flat, start = some.ravel(), np.arange(0, some.size, width)[:, None]
            place = np.arange(0, 2 * trees, 2) + (some.take(self.feature[0], axis=1) > self.threshold[0])
            for feature, threshold in zip(self.feature[1:], self.threshold[1:], strict=True):
                right = flat.take(feature.take(place) + start) > threshold.take(place)
                place += place
                place += right
            paths[low : low + step] = self.expected[-1].take(place).sum(axis=1)
        return np.array([self._score(path) for path in (paths / trees).tolist()])

    def _score(self, path: float) -> float:
        return math.pow(2.0, -path / self.scale) if self.scale else 1.0
