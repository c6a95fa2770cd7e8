"""The index is zero for the same population, known for a known one, and additive over batches."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from detectors.forest.drift import BINS, DriftCount, band, counts, edges, psi, shares
from detectors.forest.fit import FOR_TESTS, fit
from detectors.forest.segmented import SegmentedForest
from tests.detectors.forest.forests import EARN, NAMES, REDEEM, VERSION, rows, small

COUNTS = arrays.arrays(np.int64, BINS, elements=st.integers(0, 1_000))


@given(was=COUNTS, now=COUNTS)
def test_the_index_is_never_negative_and_the_same_both_ways(was, now):
    """Both factors change sign together."""
    there, back = psi(shares(was), shares(now)), psi(shares(now), shares(was))
    assert there >= 0.0
    assert there == pytest.approx(back)


def test_the_index_of_a_known_shift():
    """(0.5, 0.5) to (0.75, 0.25): 0.25 · ln 1.5 + 0.25 · ln 2."""
    assert psi(np.array([0.5, 0.5]), np.array([0.75, 0.25])) == pytest.approx(0.25 * math.log(3))


def test_an_empty_bin_counts_as_one_in_ten_thousand():
    """The logarithm of 0 would be infinite."""
    assert psi(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == pytest.approx(
        0.5 * math.log(2) + 0.4999 * math.log(5_000)
    )


def test_the_training_rows_themselves_have_not_drifted():
    """Also where a feature is constant or nearly always 0."""
    matrix = rows(2_000)
    cuts = edges(matrix)
    baseline = shares(counts(cuts, matrix))
    assert psi(baseline, shares(counts(cuts, matrix))).tolist() == [0.0] * len(NAMES)
    assert baseline.sum(axis=1) == pytest.approx(1.0)
    later = psi(baseline, shares(counts(cuts, rows(2_000, seed=9))))
    assert later.max() < 0.1


def test_a_feature_that_moved_is_found_and_the_others_stay():
    """A standard deviation more is a reason to act; a rare flag that became usual, too."""
    matrix = rows(2_000)
    cuts = edges(matrix)
    moved = rows(2_000, seed=9)
    moved[:, 0] += 1.0
    moved[:, 2] = 1.0
    found = psi(shares(counts(cuts, matrix)), shares(counts(cuts, moved)))
    assert [band(index, 2_000) for index in found] == ["act", "stable", "act", "stable", "stable", "stable"]


def test_batches_may_be_counted_apart_and_added():
    """So that nobody has to keep the rows."""
    matrix = rows(500)
    cuts = edges(matrix)
    assert (counts(cuts, matrix[:123]) + counts(cuts, matrix[123:]) == counts(cuts, matrix)).all()


@pytest.mark.parametrize(
    ("index", "rows_seen", "said"),
    [
        (9.0, 499, "too few"), (0.0, 500, "stable"), (0.0999, 500, "stable"),
        (0.1, 500, "watch"), (0.25, 500, "watch"), (0.2501, 500, "act"),
    ],
)  # fmt: skip
def test_the_bands(index, rows_seen, said):
    """Under 0.1 stable, to 0.25 watched, beyond it acted on; nothing is said of few rows."""
    assert band(index, rows_seen) == said


def test_a_model_counts_what_it_judges_and_finds_what_moved():
    """Each forest against its own baseline, in any number of batches; what nobody judged is not counted."""
    made = fit(rows(2_000), [EARN, REDEEM] * 1_000, NAMES, VERSION, 1, settings=FOR_TESTS)
    model, count = SegmentedForest(made), DriftCount(made.arrays["drift_edge"], made.arrays["drift_share"])
    later = rows(1_300, seed=5)
    later[:700, 0] += 3.0
    segments = [EARN] * 600 + [("q", "earn", "old")] * 100 + [REDEEM] * 600
    for low in range(0, 1_300, 130):
        some, matrix = segments[low : low + 130], later[low : low + 130]
        judged = model.place_many(some, matrix)
        count.add(judged.forest, matrix, judged.score)
    earn, redeem = count.found()
    assert (made.card.segments[earn.forest].segment, earn.rows) == (("p", "earn", ""), 600)
    assert (made.card.segments[redeem.forest].segment, redeem.rows) == (("p", "redeem", ""), 600)
    name, index, said = earn.moved(NAMES)[0]
    assert (name, said) == ("normal", "act")
    assert index == earn.features[0] > 1.0
    assert earn.score > redeem.score
    assert redeem.moved(NAMES) == []


def test_nothing_is_said_of_few_rows():
    """However far they are off."""
    made = small()
    count = DriftCount(made.arrays["drift_edge"], made.arrays["drift_share"])
    count.add(np.zeros(40, np.int32), rows(40) + np.float32(99), np.full(40, 0.9))
    assert count.found()[0].moved(NAMES) == []
    assert count.found()[0].features.max() > 1.0
