"""Limits count exactly, spare whom they should, and refuse numbers they could not keep."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from detectors.base import Abstained, Clear, Signal
from detectors.default_limits import DEFAULT_LIMITS, SHARED
from detectors.limits import EXACT_INSTANTS, Limit, breach, breaches, observed, problems
from detectors.phrases import amount, breach_message, span
from detectors.snapshot import EMPTY, Entity, Series
from detectors.velocity import Velocity, strength
from tests.detectors.snapshots import DAY_MS, HOUR_MS, NOW_MS, account, burst, peers, seen, series

LIMITS = {limit.code: limit for limit in DEFAULT_LIMITS}
REDEEM_1H = LIMITS["VELOCITY_REDEEM_ACCOUNT_1H"]


@pytest.mark.parametrize("known", [True, False])
def test_the_sixth_is_over_and_the_fifth_is_not(known):
    assert breach(REDEEM_1H, burst(5, known=known)) is None
    over = breach(REDEEM_1H, burst(6, known=known))
    assert over is not None
    assert (over.limit, over.observed) == (REDEEM_1H, 6)


@given(st.integers(1, 60))
def test_every_count_below_the_exact_ones_is_exact(number):
    """Of any burst exactly the first `max` pass."""
    limit = replace(REDEEM_1H, max=30)
    assert (breach(limit, burst(number)) is not None) == (number > 30)


def test_the_window_slides():
    """Five an hour ago do not count any more; five 59 minutes ago do."""
    old = series(*[HOUR_MS] * 5, 0)
    assert observed(REDEEM_1H, seen("redeem", account({"redeem": old}))) == 1
    young = series(*[HOUR_MS - 1] * 5, 0)
    assert observed(REDEEM_1H, seen("redeem", account({"redeem": young}))) == 6


def test_points_are_summed():
    limit = LIMITS["VELOCITY_REDEEM_POINTS_ACCOUNT_24H"]
    at = seen("redeem", account({"redeem": series(0, HOUR_MS, points=12_500)}))
    over = seen("redeem", account({"redeem": series(0, HOUR_MS, points=12_501)}))
    assert breach(limit, at) is None
    assert breach(limit, over).observed == 25_002


def crowd(number, *, age_ms=0, role="account", **did):
    """So many accounts at one place, and so many events of each kind."""
    kinds = {kind: series(*[age_ms] * times) for kind, times in did.items()}
    return Entity(series=kinds, peers={role: peers(number, age_ms)})


def test_different_accounts_are_counted_once_each():
    limit = LIMITS["VELOCITY_SIGNUP_ACCOUNTS_DEVICE_24H"]
    member = account()
    assert breach(limit, seen("signup", member, device=crowd(4, signup=4))) is None
    assert breach(limit, seen("signup", member, device=crowd(5, signup=9))).observed == 5
    assert breach(limit, seen("signup", member, device=crowd(9, signup=9, age_ms=2 * DAY_MS))) is None
    assert breach(limit, seen("signup", member)) is None


@pytest.mark.parametrize(
    "limit", [one for one in DEFAULT_LIMITS if one.measure == "distinct"], ids=lambda limit: limit.code
)
@given(number=st.integers(1, 32), did=st.integers(1, 22))
def test_no_more_accounts_did_it_than_it_was_done(limit, number, did):
    """Honest shoppers at the same place are no evidence against the one who did it."""
    peer_role, kind, *_ = (*limit.kinds, limit.applies_to[0])
    place = crowd(number, role=peer_role, **{kind: did, "adjust": 22})
    if limit.role == "account":
        judged = seen(limit.applies_to[0], place)
    else:
        judged = seen(limit.applies_to[0], account(), **{limit.role: place})
    counted = min(number, did) if len(limit.kinds) > 1 else number
    assert observed(limit, judged) == counted
    assert (breach(limit, judged) is not None) == (counted > limit.max)


def test_nine_shoppers_and_one_wrong_password_are_one_failing_account():
    honest = seen("login_failed", account(), points=None, ip=crowd(10, earn=9, login_failed=1))
    assert breaches(DEFAULT_LIMITS, honest) == []
    stuffing = seen("login_failed", account(), points=None, ip=crowd(10, login_failed=12))
    (over,) = breaches(DEFAULT_LIMITS, stuffing)
    assert (
        breach_message(*over)
        == "10 different accounts and as many failed logins from one address in 10 min (limit 9)"
    )


def test_peers_alone_are_counted_whatever_they_did():
    limit = replace(LIMITS["VELOCITY_SPEND_ACCOUNTS_DEVICE_24H"], kinds=("account",))
    assert observed(limit, seen("redeem", account(), device=crowd(7, earn=1))) == 7
    assert amount(limit, 7) == "7 different accounts on one device in 24 h"


@given(st.lists(st.lists(st.integers(-90_000, 300_000), max_size=12), max_size=4), st.sampled_from([60, 600]))
def test_kinds_counted_together_are_counted_as_one_series(ages, window_s):
    """Summing kinds finds the fullest window of them all, not the sum of the fullest of each."""
    kinds = ("earn", "redeem", "login", "return")
    apart = {
        kind: Series(sorted(NOW_MS + age for age in own)) for kind, own in zip(kinds, ages, strict=False)
    }
    together = Series(sorted(NOW_MS + age for own in ages for age in own))
    limit = replace(LIMITS["VELOCITY_ACTIVITY_ACCOUNT_1M"], window_s=window_s)
    found = observed(limit, seen("earn", account(apart)))
    assert found == together.busiest(NOW_MS, window_s * 1_000)[0]


@pytest.mark.parametrize("context", SHARED)
def test_shared_places_and_files_are_exempt(context):
    limit = LIMITS["VELOCITY_SIGNUP_IP_24H"]
    crowded = Entity(series={"signup": series(*range(20))})
    assert breach(limit, seen("signup", account(), ip=crowded)) is not None
    assert breach(limit, seen("signup", account(), ip=crowded, contexts={"ip": context})) is None
    assert breach(limit, seen("signup", account(), ip=crowded, contexts={"device": context})) is not None
    assert breach(limit, seen("signup", account(), ip=crowded, channel="batch")) is None


def test_an_accounts_redemptions_are_counted_in_every_channel():
    assert (
        breach(REDEEM_1H, structs.replace(burst(6), contexts={"ip": "office_nat", "device": "kiosk"}))
        is not None
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"max": EXACT_INSTANTS}, "must be below 64"),
        ({"role": "device", "max": 22}, "must be below 22"),
        ({"measure": "distinct", "kinds": ("device",), "max": 32}, "must be below 32"),
        ({"measure": "points", "role": "ip"}, "accounts only"),
        ({"window_s": 31 * 86_400}, "window_s"),
        ({"weight": 0.4}, "weight"),
        ({"max": -1}, "negative"),
        ({"role": "planet"}, "role"),
        ({"applies_to": ()}, "at least one"),
        ({"measure": "distinct", "kinds": ("login",)}, "names first"),
        ({"measure": "distinct", "kinds": ()}, "names first"),
        ({"measure": "distinct", "role": "ip", "kinds": ("account", "login"), "max": 22}, "below 22"),
    ],
)
def test_a_limit_that_could_not_be_kept_is_refused_with_words(change, words):
    assert words in " ".join(problems(replace(REDEEM_1H, **change)))


def test_the_default_limits_are_sound_and_reasoned():
    assert [problems(limit) for limit in DEFAULT_LIMITS] == [[]] * len(DEFAULT_LIMITS)
    assert len(LIMITS) == len(DEFAULT_LIMITS)
    assert all(limit.reason for limit in DEFAULT_LIMITS)
    assert all(limit.exempt_contexts == SHARED for limit in DEFAULT_LIMITS if limit.role in {"device", "ip"})


def test_honest_shoppers_stay_within_the_default_limits():
    """The grocery panel: 1.15 % of baskets are the fifth in a day, so ten within an hour must pass."""
    shopping = account({"earn": series(*(n * 5 * 60_000 for n in range(10)), points=40)})
    assert breaches(DEFAULT_LIMITS, seen("earn", shopping)) == []


def test_the_message_is_the_contracts():
    signal = Velocity().judge(burst(6))
    assert isinstance(signal, Signal)
    assert [(one.code, one.message, dict(one.evidence)) for one in signal.reasons] == [
        (
            "VELOCITY_REDEEM_ACCOUNT_1H",
            "6 redemptions in 60 min (limit 5)",
            {"count": 6, "limit": 5, "window_s": 3_600},
        )
    ]
    assert signal.score == pytest.approx(0.5)


@pytest.mark.parametrize("number", [6, 11, 40])
def test_every_reason_says_its_own_numbers(number):
    for reason in Velocity().judge(burst(number, points=2_000)).reasons:
        value = next(
            reason.evidence[name] for name in ("count", "points", "distinct") if name in reason.evidence
        )
        assert {str(value), str(reason.evidence["limit"])} <= set(re.findall(r"\d+", reason.message))
        assert value > reason.evidence["limit"]


def test_velocity_rises_with_the_count_and_stays_below_one():
    scores = [Velocity().judge(burst(number)).score for number in range(1, 60)]
    assert scores == sorted(scores)
    assert all(score < 0.5 for score in scores[:5])
    assert all(0.5 <= score < 1 for score in scores[5:])


@given(st.integers(6, 10**9))
def test_strength_starts_at_the_limits_weight(value):
    over = breach(REDEEM_1H, burst(6))._replace(observed=value)
    assert REDEEM_1H.weight <= strength(over) < 1


def test_where_no_limit_applies_velocity_abstains():
    assert isinstance(Velocity().judge(seen("close", account(), points=None)), Abstained)
    assert isinstance(Velocity(()).judge(burst(3)), Abstained)
    assert isinstance(Velocity().judge(burst(1)), Clear)


def test_no_window_is_counted_where_nothing_is_known():
    assert observed(REDEEM_1H, seen("redeem", account({"redeem": EMPTY}))) == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (30, "30 s"),
        (60, "1 min"),
        (3_600, "60 min"),
        (7_200, "2 h"),
        (86_400, "24 h"),
        (604_800, "7 d"),
        (90, "90 s"),
    ],
)
def test_spans_read_as_people_say_them(seconds, words):
    assert span(seconds) == words


def test_senders_read_as_people_say_them():
    limit = LIMITS["VELOCITY_SENDERS_COUNTERPARTY_7D"]
    assert (
        amount(limit, 4)
        == "4 different counterparties and as many transfers received at the other account in 7 d"
    )


def test_one_is_singular():
    limit = Limit("X", "device", "count", ("login_failed",), 600, 1, ("login",), "challenge", 0.5)
    assert amount(limit, 1) == "1 failed login on one device in 10 min"
