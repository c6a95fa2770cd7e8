"""The sample depends on rows, order and seed, never on how they came."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.forest.gathering import Gathered, Segment

A: Segment = ("p", "earn", "old")
B: Segment = ("p", "earn", "new")
ROWS = np.arange(120, dtype=np.float32).reshape(60, 2)
SEGMENTS = [A if index % 3 else B for index in range(60)]


def gathered(cuts: list[int], seed: int = 1, most: int = 8) -> Gathered:
    found = Gathered(2, seed, most)
    ends = [0, *sorted(cuts), len(ROWS)]
    for low, high in pairwise(ends):
        found.add(SEGMENTS[low:high], ROWS[low:high])
    return found


@given(st.lists(st.integers(0, 60)))
def test_however_the_rows_are_cut_the_sample_is_the_same(cuts):
    """One chunk, many, or empty ones: of one segment and of both together."""
    once, cut = gathered([]), gathered(cuts)
    assert cut.totals == once.totals == {A: 40, B: 20}
    for asked in ([A], [B], [A, B]):
        assert cut.sample(asked).tolist() == once.sample(asked).tolist()


@given(st.lists(st.integers(0, 60)))
def test_asking_in_between_changes_nothing(cuts):
    """A sample may be looked at while rows still come."""
    watched = Gathered(2, 1, 8)
    ends = [0, *sorted(cuts), len(ROWS)]
    for low, high in pairwise(ends):
        watched.add(SEGMENTS[low:high], ROWS[low:high])
        watched.sample([A])
    assert watched.sample([A]).tolist() == gathered([]).sample([A]).tolist()


def test_all_rows_stay_while_there_is_room():
    """A sample of everything is everything."""
    kept = gathered([7], most=60).sample([A, B])
    assert sorted(kept[:, 0].tolist()) == ROWS[:, 0].tolist()


def test_every_row_has_the_same_chance():
    """Each of 60 rows is among the 8 kept about as often as any other, over 600 seeds: 80 times, ± 5 deviations."""
    often = np.zeros(60)
    for seed in range(600):
        often[(gathered([20], seed).sample([A, B])[:, 0] / 2).astype(int)] += 1
    assert often.sum() == 600 * 8
    assert abs(often - 80).max() < 5 * np.sqrt(600 * (8 / 60) * (52 / 60))


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((1, 3), np.float32), np.zeros((2, 2), np.float32), np.zeros((1, 2)),
        np.array([[0, np.nan]], np.float32), np.array([[0, np.inf]], np.float32),
    ],
)  # fmt: skip
def test_a_row_that_is_none_is_refused(bad):
    """Another width, another number of rows, another type, not a finite number."""
    found = Gathered(2, 1)
    with pytest.raises(ValueError, match=r"wanted float32|NaN"):
        found.add([A], bad)
    assert found.totals == {}
