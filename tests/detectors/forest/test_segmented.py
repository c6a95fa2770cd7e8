"""An event is judged by its own segment's forest, one by one or many at once."""

from __future__ import annotations

import math

import numpy as np
import pytest

from detectors.forest.segmented import SegmentedForest
from tests.detectors.forest.forests import EARN, REDEEM, VERSION, rows, small

MODEL = SegmentedForest(small())


def test_a_thin_or_unknown_tenure_is_judged_by_its_type_and_a_stranger_by_nobody():
    """None where nothing was learned that compares."""
    row = rows(1)[0]
    judged = {
        segment: place.segment if (place := MODEL.place(segment, row)) else None
        for segment in (
            EARN,
            REDEEM,
            ("p", "redeem", "new"),
            ("p", "redeem", "?"),
            ("p", "close", "old"),
            ("q", "earn", "old"),
        )
    }
    assert list(judged.values()) == [
        ("p", "earn", ""),
        REDEEM,
        ("p", "redeem", ""),
        ("p", "redeem", ""),
        None,
        None,
    ]


def test_many_are_judged_as_one_by_one():
    """To the same bits, in the order given, NaN where nobody can tell."""
    kinds = [EARN, REDEEM, ("p", "close", "old"), ("p", "redeem", "new")]
    segments, matrix = [kinds[index % 4] for index in range(101)], rows(101, seed=8)
    many = MODEL.place_many(segments, matrix)
    for index, (segment, row) in enumerate(zip(segments, matrix, strict=True)):
        one = MODEL.place(segment, row)
        if one is None:
            assert math.isnan(many.percentile[index])
            assert many.forest[index] == -1
        else:
            assert (one.percentile, one.score) == (many.percentile[index], many.score[index])
            assert one.segment == MODEL.card.segments[many.forest[index]].segment
    assert len(MODEL.place_many([], rows(0)).percentile) == 0


def test_training_rows_spread_over_all_percentiles():
    """A tenth of the segment stands above its 90th percentile, a hundredth above the 99th."""
    large = rows(370)[:200]
    found = MODEL.place_many([EARN] * 200, large).percentile
    assert (found > 0.9).mean() == pytest.approx(0.1, abs=0.02)
    assert (found > 0.5).mean() == pytest.approx(0.5, abs=0.02)


def test_an_unusual_event_is_named_by_what_is_unusual():
    """Placed at the top, with the features that are far off first and the segment's usual beside them."""
    row = np.median(rows(200), axis=0)
    row[[0, 3, 5]] = 30.0, 20.0, 1e6
    place = MODEL.place(EARN, row)
    assert place is not None
    assert place.percentile > 0.95
    named = {one.feature: one for one in place.attributions()}
    assert set(named) == {0, 3, 5}
    assert named[0].value == 30.0
    assert abs(named[0].usual) < 0.5
    assert len(place.attributions(most=1)) == 1


def test_the_model_says_which_it_is_and_what_it_takes():
    """For the journal, and for whoever computes the vector."""
    assert MODEL.version == small().card.version
    assert MODEL.features_version == VERSION


def test_a_vector_of_another_length_is_an_error():
    """Not a judgement on the wrong numbers."""
    with pytest.raises(ValueError, match="wanted 6 features, got 5"):
        MODEL.place(EARN, rows(1)[0][:5])
