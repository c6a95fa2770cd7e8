"""Takeover: each sign is found in its story, and left alone in the honest life that looks like it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from detectors.base import Abstained, Clear, Signal, noisy_or
from detectors.deciding import deciding
from detectors.policy import DEFAULT, DEFAULT_WEIGHTS
from detectors.takeover import CODES, Takeover
from tests.detectors.circumstances import (
    BALANCE,
    HOME,
    MINUTE_MS,
    NEXT_TOWN,
    PARIS,
    PHONE,
    SHOP,
    STRANGE_DEVICE,
    STRANGE_SHOP,
    SYDNEY,
    TAKEN_OVER,
    asleep,
    at_home,
    contact,
    elsewhere,
    failing,
    last_at,
    member,
    probed,
    spending,
    stuffed,
)  # fmt: skip
from tests.detectors.snapshots import DAY_MS, account, met, seen, series

DETECTOR = Takeover()


def codes(at):
    judgement = DETECTOR.judge(at)
    return {reason.code for reason in judgement.reasons} if isinstance(judgement, Signal) else set()


def found(at):
    """How strong the findings are; nothing found is 0, however near it came."""
    judgement = DETECTOR.judge(at)
    return judgement.score if isinstance(judgement, Signal) else 0.0


def asked(at):
    """What the policy would ask for on this detector's word alone."""
    return DEFAULT.cutoffs[at.event.type].action(DEFAULT_WEIGHTS["takeover"] * found(at))


def test_every_sign_has_its_story():
    assert set(TAKEN_OVER) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_each_sign_is_found_in_its_story_and_asks(code):
    assert code in codes(TAKEN_OVER[code])
    assert asked(TAKEN_OVER[code]) != "allow"


HONEST = {
    "a saver, at home": spending(),
    "a new phone, at home": spending(device=STRANGE_DEVICE),
    "a new phone, on the way, near home": spending(
        device=STRANGE_DEVICE, ip=elsewhere(), met={"place": HOME}
    ),
    "a coffee on a borrowed phone": spending(150, device=STRANGE_DEVICE, ip=elsewhere()),
    "the store's tablet": spending(
        device=STRANGE_DEVICE, ip=elsewhere(), contexts={"device": "store_tablet"}
    ),
    "a newcomer": spending(account=member(days=1), device=STRANGE_DEVICE, ip=elsewhere()),
    "a move, on the own phone": spending(account=member(facts=contact(5))),
    "a move last month": spending(account=member(facts=contact(700)), device=STRANGE_DEVICE),
    "a win-back campaign, on the own phone": spending(account=asleep(), campaign_id="we-miss-you"),
    "home after a summer": spending(account=asleep(120), device=PHONE),
    "a traveller after a flight": spending(account=last_at(HOME, 30), met={"place": SYDNEY}),
    "a traveller on the own phone": spending(met={"place": PARIS}),
    "a commuter": spending(account=last_at(HOME, 1), met={"place": NEXT_TOWN}),
    "the usual store": spending(channel="pos", met={"store": SHOP}),
    "a new store in town": spending(channel="pos", met={"store": STRANGE_SHOP, "place": HOME}),
    "a forgotten password": spending(account=failing(4)),
    "two wrong passwords, on a new phone": spending(account=failing(2), device=STRANGE_DEVICE),
    "a small test of one's own": spending(2_900, account=probed()),
    "two rewards on one evening": spending(1_500, account=probed(1_400), balance_before=1_600),
}


@pytest.mark.parametrize("life", HONEST)
def test_an_honest_life_that_looks_like_it_is_left_alone(life):
    assert asked(HONEST[life]) == "allow"


@pytest.mark.parametrize(
    "life",
    ["a saver, at home", "a coffee on a borrowed phone", "the store's tablet", "a newcomer",
     "a win-back campaign, on the own phone", "home after a summer", "a commuter", "the usual store"],
)  # fmt: skip
def test_where_nothing_is_odd_nothing_is_said(life):
    assert codes(HONEST[life]) == set()


@pytest.mark.parametrize(
    "honest",
    [
        seen("login", member(), points=None, ip=stuffed(12), contexts={"ip": "office_nat"}),
        seen("login", member(), points=None, ip=stuffed(12, known_days=30)),
        seen("login", member(), points=None, ip=stuffed(30, failed=3)),
        seen("login", member(), points=None, ip=stuffed(1, failed=20)),
    ],
    ids=["an office", "one's own address", "a crowd with typing errors", "one forgetful neighbour"],
)
def test_credentials_are_not_tried_where_people_are(honest):
    assert codes(honest) == set()


@pytest.mark.parametrize("code", CODES)
def test_the_message_is_of_its_evidence(code):
    """The deciding number and the limit it was held against stand in the sentence, as do points."""
    reason = next(one for one in DETECTOR.judge(TAKEN_OVER[code]).reasons if one.code == code)
    pair = deciding(code, reason.evidence)
    told = [pair.limit, *(value for name, value in reason.evidence.items() if name.endswith("points"))]
    if code != "NEW_COUNTRY_SPENDS":  # a yes or no
        told.append(pair.observed)
    assert {float(value) for value in told} <= {
        float(n) for n in re.findall(r"\d+(?:\.\d+)?", reason.message)
    }


def test_a_contact_changed_from_nowhere_known_is_a_sign_before_anything_is_spent():
    """One sign is a new phone; with failed logins besides it is asked."""
    stranger = {"device": STRANGE_DEVICE, "ip": elsewhere()}
    quiet = spending(None, kind="profile_change", **stranger)
    guessed = spending(None, kind="profile_change", account=failing(12), **stranger)
    assert codes(quiet) == {"NEW_DEVICE_SPENDS"}
    assert asked(quiet) == "allow"
    assert codes(guessed) == {"NEW_DEVICE_SPENDS", "SPENT_AFTER_FAILED_LOGINS"}
    assert asked(guessed) == "challenge"


def test_signs_add_up_as_independent_evidence():
    together = spending(account=replace(failing(9), facts=contact(2)), device=STRANGE_DEVICE, ip=elsewhere())
    judgement = DETECTOR.judge(together)
    assert len(judgement.reasons) == 3
    assert judgement.score == pytest.approx(noisy_or([reason.weight for reason in judgement.reasons]))
    assert judgement.score > max(reason.weight for reason in judgement.reasons)


@pytest.mark.parametrize("kind", ["signup", "return", "expire", "adjust", "purchase", "login_failed"])
def test_what_takes_nothing_over_is_not_judged(kind):
    assert isinstance(DETECTOR.judge(seen(kind, account(), points=10)), Abstained)


def test_nothing_found_still_ranks_by_what_is_at_stake():
    """And stays below the least that a detector may call a finding of weight (0.5)."""
    scores = [DETECTOR.judge(spending(points)).score for points in (100, 1_600, 1_900, 2_100, 3_000)]
    assert all(isinstance(DETECTOR.judge(spending(points)), Clear) for points in (100, 3_000))
    assert scores == sorted(scores)
    assert scores[0] == 0
    assert scores[-1] < 0.5


SIGNS = {
    "ip": st.sampled_from([at_home(), elsewhere(), elsewhere(40), None]),
    "place": st.sampled_from([None, HOME, NEXT_TOWN, PARIS, SYDNEY]),
    "failed": st.integers(0, 20),
    "changed": st.none() | st.floats(0, 100),
    "probe": st.booleans(),
    "sleeps": st.booleans(),
    "kind": st.sampled_from(["redeem", "transfer"]),
    "channel": st.sampled_from(["app", "pos"]),
    "liquidity": st.sampled_from(["high", "medium", "low", None]),
}


def circumstances(
    points, days, *, ip, place, failed, changed, probe, sleeps, kind, channel, liquidity, **more
):
    """The member spends under these signs, on a device known for so many days."""
    own = asleep() if sleeps else member(days=400)
    kinds = dict(own.series)
    if failed:
        kinds["login_failed"] = series(*(n * MINUTE_MS for n in range(1, failed + 1)))
    if probe:
        kinds["redeem"] = series(5 * MINUTE_MS, points=20)
    device = met(STRANGE_DEVICE, days * DAY_MS)
    known = {**own.peers, "device": [*own.peers["device"], device]}
    facts = {} if changed is None else contact(changed)
    where = {"place": place, "store": STRANGE_SHOP} if place else {}
    return spending(
        points, kind=kind, account=replace(own, series=kinds, peers=known, facts=facts), device=STRANGE_DEVICE,
        ip=ip, met=where, channel=channel, reward_liquidity=liquidity, **more,
    )  # fmt: skip


@settings(deadline=None)
@given(st.fixed_dictionaries(SIGNS), st.integers(0, 400), st.integers(1, BALANCE), st.integers(0, BALANCE))
def test_a_larger_share_never_weighs_less(signs, days, points, more):
    less = circumstances(points, days, **signs)
    assert found(less) <= found(circumstances(min(BALANCE, points + more), days, **signs)) + 1e-12


@settings(deadline=None)
@given(st.fixed_dictionaries(SIGNS), st.integers(0, 400), st.integers(1, BALANCE), st.integers(0, 30))
def test_one_more_failed_login_never_weighs_less(signs, days, points, more):
    worse = signs | {"failed": signs["failed"] + more}
    assert found(circumstances(points, days, **signs)) <= found(circumstances(points, days, **worse)) + 1e-12


@settings(deadline=None)
@given(st.fixed_dictionaries(SIGNS), st.integers(0, 400), st.integers(0, 400), st.integers(1, BALANCE))
def test_a_device_known_for_longer_never_raises_the_score(signs, one, other, points):
    new, known = sorted((one, other))
    assert found(circumstances(points, known, **signs)) <= found(circumstances(points, new, **signs)) + 1e-12


@settings(deadline=None)
@given(st.fixed_dictionaries(SIGNS), st.integers(0, 400), st.integers(1, BALANCE))
def test_neither_does_the_members_own_network(signs, days, points):
    trusted = circumstances(points, days, **(signs | {"ip": at_home()}))
    assert found(trusted) <= found(circumstances(points, days, **signs)) + 1e-12


@settings(deadline=None)
@given(st.fixed_dictionaries(SIGNS), st.integers(0, 400), st.integers(1, BALANCE))
def test_nor_a_registered_context(signs, days, points):
    plain = circumstances(points, days, **signs)
    shared = replace(plain, contexts={"device": "household", "ip": "household"})
    assert found(shared) <= found(plain) + 1e-12
