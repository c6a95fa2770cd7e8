"""The place of the model: typed, silent without one, graded with one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from detectors.anomaly import Anomaly, Rarity
from detectors.base import Abstained, Clear, Signal
from tests.detectors.snapshots import burst


@dataclass(frozen=True)
class Fixed:
    """A model that always answers the same."""

    rarity: Rarity | None
    version: str = "fixed-1"

    def score(self, _seen):
        return self.rarity


def test_without_a_model_it_says_so():
    assert Anomaly().judge(burst(1)) == Abstained("anomaly", "no model loaded")


def test_a_model_that_cannot_tell_abstains():
    assert isinstance(Anomaly(Fixed(None)).judge(burst(1)), Abstained)


def test_the_score_rises_with_the_percentile_and_fires_from_the_ninety_ninth():
    judged = [
        Anomaly(Fixed(Rarity(p, ["nightly"]))).judge(burst(1)) for p in (0.0, 0.5, 0.98, 0.99, 0.995, 1.0)
    ]
    assert [type(one) for one in judged] == [Clear] * 3 + [Signal] * 3
    assert [one.score for one in judged] == sorted(one.score for one in judged)
    assert judged[-1].score == pytest.approx(0.8)
    assert "99.5%" in judged[4].reasons[0].message
    assert "nightly" in judged[4].reasons[0].message
