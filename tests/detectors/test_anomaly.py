"""The place of the model: typed, silent without one, graded with one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from detectors.anomaly import Anomaly
from detectors.base import Abstained, Clear, Signal
from detectors.forest.explain import Attribution
from detectors.forest.features import NAMES, vector
from tests.detectors.snapshots import burst


@dataclass(frozen=True)
class Fixed:
    """A model that puts everything at the same place."""

    percentile: float | None
    version: str = "fixed-1"

    def place(self, segment, row):
        assert (segment[1], len(row)) == ("redeem", len(NAMES))
        return None if self.percentile is None else self

    def attributions(self):
        return [Attribution(NAMES.index("balance_share"), 2.5, 0.92, 0.08)]


def judged(percentile):
    seen = burst(1)
    return Anomaly(Fixed(percentile)).judge(replace(seen, vector=vector(seen)))


def test_without_a_model_it_says_so():
    assert Anomaly().judge(burst(1)) == Abstained("anomaly", "no model loaded")


def test_a_model_that_cannot_tell_abstains():
    assert isinstance(judged(None), Abstained)


def test_the_score_rises_with_the_percentile_and_fires_from_the_ninety_ninth():
    said = [judged(p) for p in (0.0, 0.5, 0.98, 0.99, 0.995, 1.0)]
    assert [type(one) for one in said] == [Clear] * 3 + [Signal] * 3
    assert [one.score for one in said] == sorted(one.score for one in said)
    assert said[-1].score == pytest.approx(0.8)


def test_the_reason_holds_the_value_against_the_usual():
    message = judged(0.9951).reasons[0].message
    assert message.startswith("more unusual than 99.51% of the segment (limit 99%)")
    assert "92 % of the balance at once (usual here: 8 %)" in message
