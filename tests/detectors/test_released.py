"""Reasons judged legitimate: what an excuse lowers, and what it never does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.traces import pack_found, unpack_found
from detectors.actions import ACTIONS, SEVERITY
from detectors.base import Reason, Signal
from detectors.policy import DEFAULT, EVENT_TYPES, Rule
from detectors.released import SLACK, excused_codes
from detectors.snapshot import Lock
from detectors.verdict import Found, ListHit, weigh

weights = st.floats(0.01, 0.99)
types = st.sampled_from(EVENT_TYPES)
BLOCKED = ListHit("block", "device", "lst_1", "stolen")


def found(detector: str, weight: float, **more) -> Found:
    return Found((Signal(detector, weight, [Reason("CODE", weight, "found")]),), **more)


def severity(event_type: str, at: Found) -> int:
    return SEVERITY[weigh(event_type, at, DEFAULT).action]


@given(types, st.sampled_from(["duplicates", "earn_burn", "anomaly"]), weights)
def test_an_excused_reason_asks_at_most_and_is_told(event_type, detector, weight):
    """And asks nothing where the type of event asks no challenge; the risk that is shown stays as it is."""
    plain, excused = found(detector, weight), found(detector, weight, excused=("CODE",))
    verdict, before = (weigh(event_type, one, DEFAULT) for one in (excused, plain))
    most = "allow" if DEFAULT.cutoffs[event_type].challenge is None else "challenge"
    assert SEVERITY[verdict.action] <= min(SEVERITY[most], SEVERITY[before.action])
    assert verdict.risk == before.risk
    (reason,) = verdict.reasons
    assert reason.evidence["released"] == 1
    assert reason.message.endswith("judged legitimate at this account")


@given(types, st.sampled_from(["takeover", "velocity"]), weights)
def test_takeover_and_limits_are_never_excused(event_type, detector, weight):
    at = found(detector, weight)
    assert excused_codes(at.judgements, {"CODE": 1.0}) == ()
    assert severity(event_type, at) == severity(event_type, at._replace(excused=("CODE",)))


@given(types, weights, weights)
def test_an_excuse_never_makes_an_answer_sterner_nor_lowers_what_else_is_found(event_type, weight, other):
    """Law: between the answer to everything and the answer to the rest alone."""
    takeover = Signal("takeover", other, [Reason("NEW_DEVICE_SPENDS", other, "taken")])
    whole = Found((*found("duplicates", weight).judgements, takeover))
    rest, excused = Found((takeover,)), whole._replace(excused=("CODE",))
    assert severity(event_type, rest) <= severity(event_type, excused) <= severity(event_type, whole)


@pytest.mark.parametrize("effect", ACTIONS[1:])
def test_lists_rules_and_locks_stand_whatever_is_excused(effect):
    rule = Rule("OWN", "true", EVENT_TYPES, effect, "as an analyst says", 0.1)
    for more in ({"list_hits": (BLOCKED,)}, {"rule_hits": (rule,)}, {"lock": Lock(0, "member")}):
        at = found("duplicates", 0.9, excused=("CODE",), **more)
        alone = Found((), **more)
        assert severity("earn", at) >= severity("earn", alone)


@given(weights, weights)
def test_a_much_stronger_finding_than_was_judged_is_not_excused(judged, weight):
    """Trust earned with a little does not carry to a lot."""
    excused = excused_codes(found("duplicates", weight).judgements, {"CODE": judged})
    assert (excused == ("CODE",)) is (judged + SLACK.value >= weight)


def test_an_explanation_weighs_again_with_the_excuse():
    verdict = weigh("earn", found("duplicates", 0.9, excused=("CODE",)), DEFAULT)
    again = weigh("earn", unpack_found(pack_found(verdict), DEFAULT), DEFAULT)
    assert (again.action, again.reasons) == (verdict.action, verdict.reasons)
