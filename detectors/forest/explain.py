"""Why a row is unusual: each split's change of the expected path length, credited to the split's feature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from detectors.forest.model import Floats, Row, Trees


class Attribution(NamedTuple):
    """
    One feature's part in a row's score.

    feature:      its place among the features.
    contribution: splits by which it shortened the row's mean path; negative where it made the row more usual.
    value, usual: the row's value and the segment's median, in the feature's unit.
    """

    feature: int
    contribution: float
    value: float
    usual: float


def contributions(trees: Trees, row: Row) -> Floats:
    """
    Splits by which each feature shortened the row's path, averaged over the trees.

    Exact and additive: they sum to `expected_path(trees)` less the row's mean path length, because along each
    path the changes from node to node telescope. Where a tree has ended, nothing changes.

    Source: the decomposition of treeinterpreter (Saabas 2014), on path length in place of a prediction.
    """
    count, depth = len(trees.feature[0]), len(trees.feature)
    place = np.arange(count)
    expected = np.empty((depth + 1, count))
    expected[0] = trees.expected[0]
    features = np.empty((depth, count), np.intp)
    for level, (feature, threshold) in enumerate(zip(trees.feature, trees.threshold, strict=True)):
        used = features[level]
        used[:] = feature.take(place)
        right = row.take(used) > threshold.take(place)
        place += place
        place += right
        expected[level + 1] = trees.expected[level + 1].take(place)
    gained = expected[:-1] - expected[1:]
    return np.bincount(features.ravel(), gained.ravel(), len(row)) / count


def expected_path(trees: Trees) -> float:
    """Splits that a training row takes on average: from where the contributions count."""
    return float(trees.expected[0].mean())


def strongest(found: Floats, row: Row, usual: Row, most: int) -> list[Attribution]:
    """The features that made the row more unusual, strongest first, at most so many."""
    order = np.argsort(-found, kind="stable")[:most]
    return [
        Attribution(index, float(found[index]), float(row[index]), float(usual[index]))
        for index in order.tolist()
        if found[index] > 0.0
    ]
