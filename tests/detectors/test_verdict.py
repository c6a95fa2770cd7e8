"""The verdict: sterner with more evidence, true about who decided, the same in any order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.actions import ACTIONS, SEVERITY
from detectors.base import Abstained, Clear, Reason, Signal, noisy_or
from detectors.caps import Cap, CapBreach
from detectors.catalogue import CATALOGUE
from detectors.counterfactuals import counterfactuals
from detectors.limits import Breach, breaches
from detectors.policy import DEFAULT, DETECTORS, EVENT_TYPES, Rule
from detectors.snapshot import Lock
from detectors.verdict import Found, ListHit, combine, fallback, judge_all, weigh
from tests.detectors.snapshots import NOW_MS, burst

weights = st.floats(0.01, 0.99)
NAMES = [name for name in DETECTORS if name != "velocity"]
"""Velocity speaks in the codes of limits; it is judged with them below."""


def signal(detector, *found):
    reasons = [
        Reason(f"{detector.upper()}_{n}", weight, f"{weight}", {"w": weight})
        for n, weight in enumerate(found)
    ]
    return Signal(detector, noisy_or(found), reasons)


judgements = st.lists(st.sampled_from(NAMES), unique=True).flatmap(
    lambda names: st.tuples(
        *(
            st.lists(weights, min_size=1, max_size=3).map(lambda found, name=name: signal(name, *found))
            | st.floats(0, 0.49).map(lambda score, name=name: Clear(name, score))
            | st.just(Abstained(name, "cannot tell"))
            for name in names
        )
    )
)
over = st.builds(
    lambda limit, extra: Breach(limit, limit.max + extra), st.sampled_from(DEFAULT.limits), st.integers(1, 50)
)
limits_over = st.lists(over, max_size=3, unique_by=lambda one: one.limit.code).map(tuple)
list_hits = st.lists(
    st.builds(
        ListHit,
        st.sampled_from(["allow", "block", "watch"]),
        st.just("ip"),
        st.uuids().map(str),
        st.just("seen"),
    ),
    max_size=3,
).map(tuple)
rules = st.lists(
    st.builds(
        lambda n, effect, weight: Rule(
            f"RULE_{n}", "true", EVENT_TYPES, effect, "as an analyst says", weight
        ),
        st.integers(0, 9),
        st.sampled_from(ACTIONS),
        st.floats(0, 0.99),
    ),
    max_size=3,
    unique_by=lambda rule: rule.code,
).map(tuple)
locks = st.builds(Lock, st.integers(0, NOW_MS), st.sampled_from(["member", "backend", "analyst"]))
caps_spent = st.lists(
    st.builds(
        lambda n, action, used: CapBreach(Cap(f"CAP_{n}", ("redeem",), "member", 5, action=action), used, 1),
        st.integers(0, 3), st.sampled_from(["challenge", "review", "block"]), st.integers(5, 9),
    ),
    max_size=3,
    unique_by=lambda spent: spent.cap.code,
).map(tuple)  # fmt: skip
everything = st.builds(
    Found, judgements, limits_over, list_hits, rules, st.none(), st.just(()), st.just(()) | caps_spent
)
types = st.sampled_from(EVENT_TYPES)


def answer(number, **more):
    at = burst(number, **more)
    judged, degraded = judge_all(CATALOGUE, at)
    return combine(at, judged, breaches(DEFAULT.limits_by_type["redeem"], at), (), (), DEFAULT, degraded)


@pytest.mark.parametrize("known", [True, False])
def test_exactly_the_first_five_of_a_burst_are_allowed(known):
    decided = [answer(number, known=known) for number in range(1, 31)]
    assert [one.action for one in decided[:5]] == ["allow"] * 5
    assert all(one.action != "allow" for one in decided[5:])
    assert (decided[5].action, decided[5].source) == ("challenge", "limit")
    assert [one.risk for one in decided] == sorted(one.risk for one in decided)
    assert len({round(one.risk, 4) for one in decided}) == 30


@given(types, everything)
def test_risk_and_contributions_are_shares(event_type, found):
    verdict = weigh(event_type, found, DEFAULT)
    assert 0 <= verdict.risk <= 1
    shares = [reason.contribution for reason in verdict.reasons]
    assert shares == sorted(shares, reverse=True)
    assert not shares or sum(shares) == pytest.approx(1)
    assert len(verdict.shown) <= 5


@given(types, everything)
def test_reasons_are_never_empty_unless_it_is_allowed(event_type, found):
    verdict = weigh(event_type, found, DEFAULT)
    assert verdict.reasons or verdict.action == "allow"


@given(types, everything, locks)
def test_a_lock_stops_whatever_else_is_found(event_type, found, lock):
    """And its reason takes its share of the risk, which it never lowers."""
    without, locked = (weigh(event_type, found._replace(lock=one), DEFAULT) for one in (None, lock))
    assert (locked.action, locked.source) == ("block", "list")
    assert "ACCOUNT_LOCKED" in {reason.code for reason in locked.reasons}
    assert sum(reason.contribution for reason in locked.reasons) == pytest.approx(1)
    assert without.risk <= locked.risk < 1


@given(types, everything, st.randoms())
def test_the_order_of_findings_does_not_matter(event_type, found, random):
    mixed = Found(*(tuple(random.sample(part, len(part))) for part in found[:4]))
    mixed = mixed._replace(spent=found.spent[::-1])
    one, other = weigh(event_type, found, DEFAULT), weigh(event_type, mixed, DEFAULT)
    assert (one.action, one.source, one.reasons) == (other.action, other.source, other.reasons)
    assert one.risk == pytest.approx(other.risk)


@given(types, everything, st.sampled_from(NAMES), weights, weights)
def test_a_higher_score_never_gives_a_milder_answer(event_type, found, name, one, other):
    rest = tuple(judgement for judgement in found.judgements if judgement.detector != name)
    low, high = sorted((one, other))
    milder = weigh(event_type, found._replace(judgements=(*rest, signal(name, low))), DEFAULT)
    sterner = weigh(event_type, found._replace(judgements=(*rest, signal(name, high))), DEFAULT)
    assert SEVERITY[milder.action] <= SEVERITY[sterner.action]
    assert milder.risk <= sterner.risk + 1e-12


@given(types, everything, weights)
def test_a_new_finding_never_gives_a_milder_answer(event_type, found, weight):
    rest = tuple(judgement for judgement in found.judgements if judgement.detector != "takeover")
    without = weigh(event_type, found._replace(judgements=(*rest, Clear("takeover", 0.4))), DEFAULT)
    with_it = weigh(event_type, found._replace(judgements=(*rest, signal("takeover", weight))), DEFAULT)
    assert SEVERITY[without.action] <= SEVERITY[with_it.action]


@given(types, st.floats(0.01, 1), st.floats(0, 1))
def test_the_model_alone_never_goes_beyond_review(event_type, score, weight):
    """Whatever weight a programme gives it."""
    policy = replace(DEFAULT, weights={**DEFAULT.weights, "anomaly": weight})
    found = Found((Signal("anomaly", score, [Reason("ANOMALY_UNUSUAL", min(score, 0.999), "rare")]),))
    assert SEVERITY[weigh(event_type, found, policy).action] <= SEVERITY["review"]


@given(types, everything)
def test_the_model_never_lifts_an_answer_beyond_review(event_type, found):
    rest = tuple(judgement for judgement in found.judgements if judgement.detector != "anomaly")
    without = weigh(event_type, found._replace(judgements=rest), DEFAULT)
    with_it = weigh(event_type, found._replace(judgements=(*rest, signal("anomaly", 0.99))), DEFAULT)
    assert with_it.action == without.action or SEVERITY[with_it.action] <= SEVERITY["review"]


def max_action(spent):
    """What caps ask for: nothing pardons them."""
    return max((one.cap.action for one in spent), key=ACTIONS.index)


@given(types, everything)
def test_a_used_up_cap_adds_nothing_to_the_risk(event_type, found):
    without = weigh(event_type, found._replace(spent=()), DEFAULT)
    assert weigh(event_type, found, DEFAULT).risk == without.risk


@given(types, everything)
def test_the_source_is_the_first_stage_to_ask(event_type, found):
    """Without that stage's findings, and those of the stages after it, the answer is milder or another's."""
    verdict = weigh(event_type, found, DEFAULT)
    acting = {
        "list": {DEFAULT.block_list.action if hit.name == "block" else DEFAULT.watch_list.action
                 for hit in found.list_hits if hit.name != "allow"},
        "limit": {one.limit.action for one in found.breaches} | {one.cap.action for one in found.spent},
        "rule": {rule.effect for rule in found.rule_hits},
    }  # fmt: skip
    names = {hit.name for hit in found.list_hits}
    if "allow" in names and "block" not in names:
        if found.spent:
            assert (verdict.action, verdict.source) == (max_action(found.spent), "limit")
        else:
            assert (verdict.action, verdict.source) == ("allow", "list")
        return
    if verdict.source != "detectors":
        assert verdict.action in acting[verdict.source]
    for stage in ("list", "limit", "rule"):
        if stage == verdict.source:
            break
        assert verdict.action == "allow" or verdict.action not in acting[stage]


@given(types, st.lists(st.floats(0, 0.49), max_size=5))
def test_what_was_nearly_found_ranks_and_never_decides(event_type, scores):
    near = Found(tuple(Clear(name, score) for name, score in zip(NAMES, scores, strict=False)))
    verdict = weigh(event_type, near, DEFAULT)
    assert (verdict.action, verdict.source, verdict.reasons) == ("allow", "detectors", ())
    assert verdict.risk < 0.5
    assert verdict.risk > 0 or all(
        one.score * DEFAULT.weights[one.detector] < 1e-9 for one in near.judgements
    )


BLOCKED = ListHit("block", "device", "le_1", "used by a farm")
TRUSTED = ListHit("allow", "account", "le_2", "test card")
WATCHED = ListHit("watch", "ip", "le_3", "seen twice")
DRAIN = Found((signal("takeover", 0.9),))


def rule(effect):
    return Rule("CAMPAIGN", "true", EVENT_TYPES, effect, "double points week")


@pytest.mark.parametrize(
    ("found", "action", "source"),
    [
        (Found((), (), (BLOCKED,)), "block", "list"),
        (Found((), (), (BLOCKED, TRUSTED)), "block", "list"),
        (DRAIN._replace(list_hits=(TRUSTED,)), "allow", "list"),
        (Found((), (), (WATCHED,)), "review", "list"),
        (DRAIN, "block", "detectors"),
        (DRAIN._replace(rule_hits=(rule("allow"),)), "allow", "rule"),
        (DRAIN._replace(rule_hits=(rule("challenge"),)), "block", "detectors"),
        (Found((), (), (), (rule("challenge"),)), "challenge", "rule"),
        (Found((), (), (WATCHED,), (rule("allow"),)), "review", "list"),
        (Found((Clear("takeover", 0.3),)), "allow", "detectors"),
    ],
)
def test_stages(found, action, source):
    verdict = weigh("redeem", found, DEFAULT)
    assert (verdict.action, verdict.source) == (action, source)


def test_an_exceeded_limit_speaks_even_when_velocity_cannot():
    """The limits stage does not depend on the detector that grades them."""
    over = breaches(DEFAULT.limits_by_type["redeem"], burst(6))
    verdict = weigh("redeem", Found((Abstained("velocity", "it failed"),), tuple(over)), DEFAULT)
    assert (verdict.action, verdict.source) == ("challenge", "limit")
    assert [reason.code for reason in verdict.reasons] == ["VELOCITY_REDEEM_ACCOUNT_1H"]


def test_shadow_keeps_the_answer_and_lets_everything_pass():
    verdict = weigh("redeem", DRAIN, replace(DEFAULT, mode="shadow"))
    assert (verdict.action, verdict.enforced) == ("block", "allow")


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_the_fallback_is_the_policys_and_never_lets_points_out(event_type):
    verdict = fallback(event_type, DEFAULT, "the hot store is away")
    assert (verdict.action, verdict.source) == (DEFAULT.fallback[event_type], "fallback")
    assert verdict.degraded == ("the hot store is away",)
    assert verdict.reasons or verdict.action == "allow"
    assert event_type not in {"redeem", "transfer"} or verdict.action == "challenge"


def test_a_limit_says_what_would_have_been_within_it():
    assert counterfactuals(answer(6), DEFAULT) == ("At 5 redemptions in 60 min or fewer: allow",)


def test_what_takes_two_changes_says_both():
    """An hour's, a day's and a minute's limit are exceeded: no change alone would have made it a yes."""
    told = counterfactuals(answer(12), DEFAULT)
    assert told[0] == "At 5 redemptions in 60 min or fewer: challenge"
    assert told[-1] == (
        "At 5 redemptions in 60 min or fewer; and at 10 redemptions in 24 h or fewer; "
        "and at 10 events in 1 min or fewer: allow"
    )


def test_a_finding_a_list_and_a_rule_are_told_in_their_own_words():
    assert counterfactuals(weigh("redeem", DRAIN, DEFAULT), DEFAULT) == ("Without this finding (0.9): allow",)
    assert counterfactuals(weigh("redeem", Found((), (), (WATCHED,)), DEFAULT), DEFAULT) == (
        "Without the ip on the watch list: allow",
    )
    spared = weigh("redeem", DRAIN._replace(rule_hits=(rule("allow"),)), DEFAULT)
    assert counterfactuals(spared, DEFAULT) == ("If the rule CAMPAIGN had not been true: block",)
    assert counterfactuals(answer(1), DEFAULT) == ()


@given(types, everything)
def test_whatever_is_not_allowed_has_a_change_that_helps(event_type, found):
    """Every stern answer can be explained by what would have altered it."""
    verdict = weigh(event_type, found, DEFAULT)
    assert verdict.action == "allow" or counterfactuals(verdict, DEFAULT)


@given(types, everything, st.sampled_from(NAMES), st.floats(0, 0.49), st.floats(0, 0.49))
def test_the_nearer_the_higher_the_risk_and_never_as_high_as_a_cutoff_not_reached(
    event_type, found, name, one, other
):
    """Nearness spreads within the gap: the risk shown reaches a cut-off exactly where the findings do."""
    rest = tuple(judgement for judgement in found.judgements if judgement.detector != name)
    low, high = sorted((one, other))
    shown = [
        weigh(event_type, found._replace(judgements=judged), DEFAULT).risk
        for judged in ((*rest, Clear(name, low)), (*rest, Clear(name, high)))
    ]
    assert shown[0] <= shown[1] + 1e-12
    spoken = tuple(judgement for judgement in rest if isinstance(judgement, Signal))
    bare = weigh(event_type, found._replace(judgements=spoken), DEFAULT).risk
    for cutoff, _ in DEFAULT.cutoffs[event_type].steps:
        assert (shown[1] >= cutoff) == (bare >= cutoff)
    assert shown[1] < 1


@given(types, st.floats(0.01, 0.3), st.floats(0, 0.49))
def test_what_was_nearly_found_counts_less_the_nearer_the_next_cutoff(event_type, weak, near):
    """As one finding more at most: never more than noisy-OR would have made of it."""
    found = (signal("earn_burn", weak), Clear("takeover", near))
    bare = weigh(event_type, Found(found[:1]), DEFAULT).risk
    shown = weigh(event_type, Found(found), DEFAULT).risk
    assert bare <= shown <= noisy_or((bare, near * DEFAULT.weights["takeover"])) + 1e-12
