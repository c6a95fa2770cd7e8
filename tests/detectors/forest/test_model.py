"""The flat trees judge as scikit-learn and PyOD do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pyod.models.iforest import IForest
from sklearn.ensemble import IsolationForest

from detectors.forest.fit import _flattened
from detectors.forest.model import Trees, floor_float32
from tests.detectors.forest.forests import rows

LARGEST = float(np.finfo(np.float32).max)


def flat(grown: IsolationForest) -> Trees:
    depth = int(np.ceil(np.log2(grown.max_samples_)))
    return Trees.of(len(grown.estimators_), *_flattened(grown, depth))


def on_thresholds(grown: IsolationForest, like: np.ndarray) -> np.ndarray:
    """Rows whose values are a split's own threshold, and its float32 neighbours."""
    limits = np.concatenate([tree.tree_.threshold[tree.tree_.feature >= 0] for tree in grown.estimators_])
    if not len(limits):
        return like
    drawn = np.random.default_rng(5).choice(limits, (40, like.shape[1])).astype(np.float32)
    around = [np.nextafter(drawn, np.float32(side)) for side in (-LARGEST, LARGEST)]
    return np.concatenate([drawn, *around])


VALUES = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-38, 1e30, -1e30]),
    st.floats(-(2.0**100), 2.0**100, width=32),
    st.integers(-3, 3).map(float),
)


@settings(max_examples=40, deadline=None)
@given(
    matrix=arrays.arrays(np.float32, st.tuples(st.integers(2, 40), st.integers(1, 6)), elements=VALUES),
    samples=st.sampled_from([2, 3, 8, 32]),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_row_scores_as_in_scikit_learn(matrix, samples, seed):
    """Rows seen and unseen, on thresholds, constant, tiny, huge and infinite: the same to 1e-9, alone and in a batch."""
    grown = IsolationForest(n_estimators=6, max_samples=min(samples, len(matrix)), random_state=seed).fit(
        matrix
    )
    trees = flat(grown)
    edges = np.full((2, matrix.shape[1]), np.inf, np.float32) * np.array([[1], [-1]], np.float32)
    judged = np.concatenate([matrix, on_thresholds(grown, matrix), edges])
    batch = trees.scores(judged)
    assert np.abs(batch + grown.score_samples(judged)).max() < 1e-9
    assert [trees.score(row) for row in judged] == batch.tolist()


def test_a_forest_of_the_usual_size_scores_as_in_scikit_learn():
    """200 trees of 256 rows, on rows it never saw."""
    grown = IsolationForest(n_estimators=200, max_samples=256, random_state=3).fit(rows(3_000))
    unseen = rows(500, seed=2)
    assert np.abs(flat(grown).scores(unseen) + grown.score_samples(unseen)).max() < 1e-9


def test_pyod_gives_the_same_values_and_the_same_order():
    """PyOD's decision function is the score with its own threshold taken off, which moves with every training."""
    detector = IForest(n_estimators=50, max_samples=128, random_state=4).fit(rows(600))
    unseen = rows(300, seed=2)
    ours, theirs = flat(detector.detector_).scores(unseen), detector.decision_function(unseen)
    assert np.abs(ours + detector.detector_.offset_ - theirs).max() < 1e-9
    assert np.argsort(ours, kind="stable").tolist() == np.argsort(theirs.round(12), kind="stable").tolist()


def test_a_batch_is_cut_into_pieces_without_a_seam():
    """More rows than one piece holds, and a number that no piece divides."""
    trees = flat(IsolationForest(n_estimators=200, max_samples=64, random_state=1).fit(rows(200)))
    many = rows(311)
    assert trees.scores(many).tolist() == [trees.score(row) for row in many]
    assert trees.scores(many[:0]).tolist() == []


@given(value=st.floats(-LARGEST, LARGEST), x=st.floats(-LARGEST, LARGEST, width=32))
def test_a_rounded_threshold_sends_every_float32_the_same_way(value, x):
    """Below or at the value exactly where below or at its floor."""
    low = floor_float32(np.array([value]))[0]
    assert (x <= value) == (np.float32(x) <= low)


@pytest.mark.parametrize("same", [0.0, 7.5])
def test_rows_that_are_all_alike_are_half_unusual(same):
    """Nothing to split: every path is the average one."""
    matrix = np.full((64, 3), same, np.float32)
    trees = flat(IsolationForest(n_estimators=5, max_samples=32, random_state=1).fit(matrix))
    assert trees.score(matrix[0]) == pytest.approx(0.5)
