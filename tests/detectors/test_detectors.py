"""The laws every detector keeps: a new one is tested by being in the catalogue."""

from __future__ import annotations

import copy
import importlib
import inspect
import pkgutil

import pytest
from hypothesis import HealthCheck, given, settings

import detectors
from detectors.base import Abstained, Clear, Detector, Signal, noisy_or
from detectors.catalogue import CATALOGUE
from detectors.policy import DEFAULT_WEIGHTS, DETECTORS
from detectors.texts import TEXTS
from detectors.verdict import judge_all
from tests.detectors.snapshots import burst, snapshots

every_detector = pytest.mark.parametrize("detector", CATALOGUE, ids=lambda detector: detector.name)
thorough = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def classes_with_judge() -> set[type]:
    found = set()
    for module in pkgutil.walk_packages(detectors.__path__, "detectors."):
        for _, one in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if one.__module__.startswith("detectors") and hasattr(one, "judge") and one is not Detector:
                found.add(one)
    return found


def test_every_detector_is_registered():
    """A class with `judge` that is not in the catalogue would be a law nobody applies."""
    assert classes_with_judge() == {type(detector) for detector in CATALOGUE}


def test_names_are_the_contracts_and_each_has_a_weight():
    names = [detector.name for detector in CATALOGUE]
    assert len(names) == len(set(names))
    assert set(names) <= set(DETECTORS) == set(DEFAULT_WEIGHTS)


@every_detector
@thorough
@given(seen=snapshots)
def test_any_snapshot_gets_a_lawful_answer(detector, seen):
    """Never raises; same snapshot, same answer; the snapshot is left as it was; scores and reasons add up."""
    before = copy.deepcopy(seen)
    judgement = detector.judge(seen)
    assert seen == before
    assert detector.judge(seen) == judgement
    assert judgement.detector == detector.name
    match judgement:
        case Abstained(why=why):
            assert why
        case Clear(score=score):
            assert 0 <= score < 0.5
        case Signal(score=score, reasons=reasons):
            assert 0 < score <= 1
            assert reasons
            assert score == pytest.approx(noisy_or([reason.weight for reason in reasons]))
            for reason in reasons:
                assert 0 < reason.weight < 1
                assert reason.code in TEXTS
                assert reason.message
                assert reason.evidence


@pytest.mark.parametrize("known", [True, False], ids=["known member", "new member"])
@pytest.mark.parametrize("number", range(1, 6))
def test_nothing_disturbs_the_first_five(number, known):
    """Up to the limit there is no finding at all, whoever redeems."""
    judgements, degraded = judge_all(CATALOGUE, burst(number, known=known))
    assert not degraded
    assert not [one for one in judgements if isinstance(one, Signal)]


def test_a_detector_that_raises_abstains_and_is_named():
    class Broken:
        name = "broken"

        def judge(self, _seen):
            raise ZeroDivisionError

    judgements, degraded = judge_all([Broken(), *CATALOGUE], burst(1))
    assert judgements[0] == Abstained("broken", "it failed")
    assert degraded == ["broken: ZeroDivisionError"]
    assert len(judgements) == 1 + len(CATALOGUE)
