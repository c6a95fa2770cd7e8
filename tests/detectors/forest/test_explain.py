"""An attribution accounts for the whole score, and names what is unusual."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from detectors.forest.explain import contributions, expected_path, strongest
from detectors.forest.model import Trees
from tests.detectors.forest.forests import NAMES, rows, small


def trees() -> Trees:
    made = small()
    held = made.arrays
    return Trees.of(made.card.trees, held["feature"][0], held["threshold"][0], held["rows"][0])


TREES = trees()


@given(arrays.arrays(np.float32, len(NAMES), elements=st.floats(allow_nan=False, width=32)))
def test_the_parts_sum_to_the_path_that_was_saved(row):
    """Whatever the row: expected path less contributions is the path that gave the score."""
    path = -TREES.scale * math.log2(TREES.score(row))
    assert expected_path(TREES) - contributions(TREES, row).sum() == pytest.approx(path, abs=1e-9)


@given(arrays.arrays(np.float32, len(NAMES), elements=st.floats(allow_nan=False, width=32)))
def test_a_feature_that_never_varied_explains_nothing(row):
    """No tree can split on it, whatever the row says there."""
    assert contributions(TREES, row)[NAMES.index("constant")] == 0.0


def test_the_expected_path_is_the_training_rows_average():
    """A tree of all rows: the mean over them of their own paths is what the contributions count from."""
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415  this test alone grows a tree of its own

    from detectors.forest.fit import _flattened  # noqa: PLC0415

    matrix = rows(64)
    grown = IsolationForest(n_estimators=1, max_samples=64, random_state=2).fit(matrix)
    whole = Trees.of(1, *_flattened(grown, 6))
    paths = -whole.scale * np.log2(whole.scores(matrix))
    assert expected_path(whole) == pytest.approx(paths.mean(), abs=1e-9)


def test_the_feature_that_is_far_off_comes_first_beside_its_usual_value():
    """One value far outside, the others at the median."""
    usual = np.median(rows(200), axis=0)
    row = usual.copy()
    row[0] = 40.0
    found = strongest(contributions(TREES, row), row, usual, 3)
    assert found[0].feature == 0
    assert (found[0].value, found[0].usual) == (40.0, float(usual[0]))
    assert [one.contribution for one in found] == sorted((one.contribution for one in found), reverse=True)
    assert all(one.contribution > 0 for one in found)


def test_what_made_the_row_more_usual_is_not_named_as_a_cause():
    """Negative and empty contributions are no reasons."""
    row = np.zeros(3, np.float32)
    found = strongest(np.array([-1.0, 0.5, 0.0]), row, row, 3)
    assert [one.feature for one in found] == [1]
