"""Training is reproducible, honest about what it leaves out, and never gives an unfaithful model."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from detectors.forest import fit as training
from detectors.forest.artefact import read, write
from detectors.forest.card import LeftOut, Window
from detectors.forest.fit import FOR_TESTS, ForestSettings, NothingLearned, Unfaithful, fit, fit_gathered
from detectors.forest.gathering import Gathered
from detectors.forest.segmented import SegmentedForest
from tests.detectors.forest.forests import EARN, NAMES, REDEEM, VERSION, rows, small


def test_the_same_rows_and_seed_give_the_same_bytes():
    """Twice, and with the rows coming in pieces."""
    whole = write(small())
    assert write(small()) == whole
    segments = [EARN] * 200 + [REDEEM] * 650 + [("p", "redeem", "new")] * 20
    matrix, gathered = rows(len(segments)), Gathered(len(NAMES), seed=11)
    for low in range(0, len(segments), 37):
        gathered.add(segments[low : low + 37], matrix[low : low + 37])
    assert write(fit_gathered(gathered, NAMES, VERSION, settings=FOR_TESTS)) == whole


def test_another_seed_grows_other_trees():
    """The seed is used."""
    segments = [EARN] * 100
    one, other = (fit(rows(100), segments, NAMES, VERSION, seed, settings=FOR_TESTS) for seed in (1, 2))
    assert (one.arrays["threshold"] != other.arrays["threshold"]).any()


def test_a_segments_trees_do_not_hang_on_its_neighbours():
    """A new programme in the data changes nothing for the others: their rows draw the same seed."""
    alone = fit(rows(100), [EARN] * 100, NAMES, VERSION, 1, settings=FOR_TESTS)
    more = np.concatenate([rows(100), rows(80, seed=5)])
    both = fit(more, [EARN] * 100 + [("q", "earn", "old")] * 80, NAMES, VERSION, 1, settings=FOR_TESTS)
    assert alone.card.segments[0] == both.card.segments[0]
    assert (alone.arrays["threshold"][0] == both.arrays["threshold"][0]).all()


def test_the_card_says_what_was_learned_and_what_was_left_out():
    """Window, rows, features, seed, checks, libraries, notes; and each thin segment with its rows."""
    segments = [EARN] * 120 + [("q", "close", "old")] * 9
    made = fit(
        rows(129), segments, NAMES, VERSION, 7,
        window=Window(1_000, 2_000), notes={"source": "till.parquet"}, settings=FOR_TESTS,
    )  # fmt: skip
    card = made.card
    assert (card.rows, card.seed, card.features, card.features_version) == (129, 7, NAMES, VERSION)
    assert card.left_out == (LeftOut(("q", "close", "old"), 9),)
    assert [(one.segment, one.rows, one.sampled) for one in card.segments] == [(("p", "earn", ""), 120, 120)]
    assert (card.window, card.notes) == (Window(1_000, 2_000), {"source": "till.parquet"})
    assert card.checks["features_that_never_varied"] == "constant"
    assert card.checks["greatest_difference_from_scikit_learn"] < 1e-9
    assert card.checks["greatest_rest_of_an_attribution"] < 1e-9
    assert set(card.libraries) == {"numpy", "safetensors", "scikit-learn"}


def test_more_rows_than_are_kept_are_counted_and_said():
    """The sample is bounded; the card tells how many there were."""
    gathered = Gathered(len(NAMES), seed=1, most=80)
    gathered.add([EARN] * 300, rows(300))
    learned = fit_gathered(gathered, NAMES, VERSION, settings=FOR_TESTS).card.segments[0]
    assert (learned.rows, learned.sampled) == (300, 80)


def test_too_few_rows_for_any_segment_are_said_so():
    """With both numbers."""
    with pytest.raises(NothingLearned, match="63 rows are too few to learn from: a model needs 64") as caught:
        fit(rows(63), [EARN] * 63, NAMES, VERSION, 1, settings=FOR_TESTS)
    assert (caught.value.rows, caught.value.needed) == (63, 64)


def test_a_model_that_does_not_score_as_scikit_learn_is_never_made(monkeypatch):
    """A threshold rounded the wrong way is found before anything is written."""
    monkeypatch.setattr(training, "floor_float32", lambda values: (values + 0.5).astype(np.float32))
    with pytest.raises(Unfaithful):
        fit(rows(100), [EARN] * 100, NAMES, VERSION, 1, settings=FOR_TESTS)


def test_the_usual_and_its_spread_are_robust():
    """Median and scaled median distance: a few enormous values move neither."""
    matrix = rows(2_000)
    matrix[:20, 0] = 1e9
    made = fit(matrix, [EARN] * 2_000, NAMES, VERSION, 1, settings=FOR_TESTS)
    assert made.arrays["usual"][0, 0] == np.median(matrix[:, 0])
    assert made.arrays["spread"][0, 0] == pytest.approx(1.0, abs=0.1)


def test_trees_of_more_rows_than_a_segment_has_are_refused():
    """A setting that could never be kept."""
    with pytest.raises(ValueError, match="256 rows a tree, of at least 100"):
        ForestSettings(min_rows=100)


def test_the_usual_settings_give_a_model_that_is_read():
    """200 trees of 256 rows, as on duty."""
    made = fit(rows(1_000), [EARN] * 1_000, NAMES, VERSION, 1)
    assert read(*write(made), NAMES, VERSION).card.trees == 200


@pytest.mark.parametrize("learned", [1_000, 4_000])
def test_rows_never_seen_spread_over_the_percentiles_as_they_should(learned):
    """A tenth above the 90th, a hundredth above the 99th, also for the smallest segment that has its own forest."""
    matrix = rows(learned + 6_000)
    model = SegmentedForest(fit(matrix[:learned], [EARN] * learned, NAMES, VERSION, 1))
    found = model.place_many([EARN] * 6_000, matrix[learned:]).percentile
    assert (found > 0.9).mean() == pytest.approx(0.1, abs=0.02)
    assert (found > 0.99).mean() == pytest.approx(0.01, abs=0.005)


def test_a_web_process_never_imports_scikit_learn():
    """Judging needs numpy and the reader of arrays only: 150 MB and a second less."""
    told = "import sys, detectors.forest.segmented, detectors.forest.drift; print('sklearn' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
