"""A percentile is the share that is less unusual, and different scores get different ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from detectors.forest.percentiles import LEVELS, Percentiles, quantiles

SCORES = arrays.arrays(np.float64, st.integers(1, 300), elements=st.floats(0.3, 0.95))
COARSE = arrays.arrays(np.float64, st.integers(1, 300), elements=st.sampled_from([0.4, 0.5, 0.5001, 0.8]))


@given(known=st.one_of(SCORES, COARSE), asked=st.lists(st.floats(1e-3, 1.0), min_size=2))
def test_a_higher_score_never_stands_lower_and_never_leaves_the_open_interval(known, asked):
    """Below the least, between, on and beyond the greatest known score."""
    place = Percentiles.of(quantiles(known))
    found = [place.of_score(score) for score in sorted([*asked, *known.tolist()])]
    assert all(0.0 < share < 1.0 for share in found)
    assert found == sorted(found)


@given(known=st.one_of(SCORES, COARSE), low=st.floats(1e-3, 0.999), gap=st.floats(1e-6, 0.5))
def test_different_scores_rarely_tie(known, low, gap):
    """A millionth apart is enough, also beyond the last quantile."""
    place = Percentiles.of(quantiles(known))
    assert place.of_score(low) < place.of_score(min(low + gap, 1.0))


@given(st.one_of(SCORES, COARSE))
def test_many_get_the_same_bits_as_one_by_one(known):
    """The batch is the same law."""
    place = Percentiles.of(quantiles(known))
    assert place.of_scores(known).tolist() == [place.of_score(score) for score in known.tolist()]


def test_the_tail_is_right_to_a_ten_thousandth():
    """100,000 scores of a skewed population: the share below, counted and looked up, from the 99th percentile on."""
    known = 0.35 + 0.3 * np.random.default_rng(3).beta(2, 8, 100_000)
    place = Percentiles.of(quantiles(known))
    ordered = np.sort(known)
    for share in (0.99, 0.995, 0.999, 0.9995, 0.9999):
        score = float(ordered[int(share * len(ordered))])
        assert place.of_score(score) == pytest.approx((ordered < score).mean(), abs=1e-4)


def test_a_score_that_many_share_gets_the_share_below_them():
    """Three in a hundred alike at the top are at 0.97, not at 0.9999: each has two like itself."""
    place = Percentiles.of(quantiles(np.array([0.4 + 0.001 * i for i in range(97)] + [0.7] * 3)))
    assert place.of_score(0.7) == pytest.approx(0.96, abs=0.011)
    assert place.of_score(0.71) > place.of_score(0.7)


def test_above_a_shared_score_stands_the_share_with_it():
    """Half of all alike in the middle: just above them, half are below."""
    known = np.concatenate([np.linspace(0.40, 0.45, 250), np.full(500, 0.5), np.linspace(0.55, 0.6, 250)])
    place = Percentiles.of(quantiles(known))
    assert place.of_score(0.5) == pytest.approx(0.25, abs=0.01)
    assert place.of_score(0.5000001) == pytest.approx(0.75, abs=0.01)


def test_the_levels_rise_inside_the_open_interval():
    """The table's own axis."""
    assert (np.diff(LEVELS) > 0).all()
    assert LEVELS[0] > 0
    assert LEVELS[-1] == pytest.approx(1 - 1e-5)
