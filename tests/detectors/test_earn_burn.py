"""Points against points: ordinary members stay clear, and each finding says its numbers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Abstained, Clear, Judgement, Signal
from detectors.earn_burn import CODES, EarnBurn
from detectors.policy import DEFAULT, DEFAULT_WEIGHTS
from tests.detectors.snapshots import DAY_MS, HOUR_MS, account, seen, series

MINUTE_MS = 60_000
WEEKLY = series(*(n * 7 * DAY_MS for n in range(1, 4)), points=120)
"""Three weeks' shopping, 360 points."""
DETECTOR = EarnBurn()
CHALLENGE = DEFAULT.cutoffs["redeem"].challenge


def codes(judgement: Judgement) -> set[str]:
    return {reason.code for reason in judgement.reasons} if isinstance(judgement, Signal) else set()


def redemption(points, *, earned=2_400, burned=0, fresh=None, age_ms=400 * DAY_MS, **more):
    kinds = {"earn": WEEKLY if fresh is None else fresh, "redeem": series(0, points=points)}
    return seen(
        "redeem",
        account(kinds, totals={"earn": earned, "burn": burned}, age_ms=age_ms),
        points=points,
        **more,
    )


def test_an_ordinary_redemption_is_clear():
    judgement = DETECTOR.judge(redemption(300, balance_before=1_200))
    assert isinstance(judgement, Clear)
    assert 0 < judgement.score < 0.1


def test_buying_and_burning_small_amounts_is_ordinary():
    """A coffee bought a minute ago and a free coffee now is what the programme is for."""
    fresh = series(MINUTE_MS, 2 * HOUR_MS, points=300)
    assert codes(DETECTOR.judge(redemption(450, fresh=fresh))) == set()


def test_a_holiday_saver_is_never_asked():
    """A whole year's savings at once: at most weak findings, together below every cut-off."""
    judgement = DETECTOR.judge(redemption(6_000, earned=6_000, balance_before=6_000))
    assert codes(judgement) == {"BURN_RATIO_HIGH", "BURN_SHARE_HIGH"}
    assert judgement.score * DEFAULT_WEIGHTS["earn_burn"] < CHALLENGE


def test_a_drain_right_after_earning_is_asked():
    judgement = DETECTOR.judge(redemption(6_000, earned=6_500, fresh=series(20 * MINUTE_MS, points=6_000)))
    assert {"REDEEM_AFTER_EARN", "BURN_SHARE_HIGH"} <= codes(judgement)
    assert judgement.score * DEFAULT_WEIGHTS["earn_burn"] > CHALLENGE


def test_emptying_a_small_balance_is_no_finding():
    assert codes(DETECTOR.judge(redemption(450, balance_before=450))) == set()


def test_more_than_ever_came_in_weighs_more_on_a_known_history_only():
    """A cold start is not an overdraft: without a quarter of history the missing points prove nothing."""
    known = DETECTOR.judge(redemption(9_000, earned=3_000, burned=2_900))
    young = DETECTOR.judge(redemption(9_000, earned=3_000, burned=2_900, age_ms=30 * DAY_MS))
    said = DETECTOR.judge(redemption(9_000, earned=3_000, burned=2_900, balance_before=20_000))
    assert codes(known) == codes(young) == codes(said) == {"BURN_RATIO_HIGH"}
    assert known.score > 0.3 > young.score == said.score
    assert known.reasons[0].evidence["missing_points"] == 8_900


def test_without_support_it_abstains():
    """A member we know nothing of is not judged, whatever the amount."""
    stranger = seen("redeem", account({"redeem": series(0, points=9_000)}, age_ms=0), points=9_000)
    assert isinstance(DETECTOR.judge(stranger), Abstained)


@pytest.mark.parametrize(
    ("event_type", "points"),
    [("login", None), ("signup", None), ("expire", 100), ("purchase", 100), ("adjust", -50)],
)
def test_what_neither_earns_nor_burns_is_not_judged(event_type, points):
    assert isinstance(DETECTOR.judge(seen(event_type, account(), points=points)), Abstained)


@pytest.mark.parametrize(
    ("points", "asked"),
    [(400, None), (3_000, "allow"), (30_000, "review")],
    ids=["basket", "television", "farm"],
)
def test_speed_of_earning(points, asked):
    """A television is noticed, a year's points in a day is looked at, a basket is nothing."""
    judgement = DETECTOR.judge(
        seen("earn", account({"earn": series(0, points=points)}, age_ms=0), points=points)
    )
    assert codes(judgement) == ({"EARN_SPEED_HIGH"} if asked else set())
    assert DEFAULT.cutoffs["earn"].action(judgement.score * DEFAULT_WEIGHTS["earn_burn"]) == (
        asked or "allow"
    )


def test_a_heavy_shoppers_own_habit_is_the_yardstick():
    earned = series(0, points=2_500)
    heavy = seen(
        "earn", account({"earn": earned}, totals={"earn": 40_000}, age_ms=300 * DAY_MS), points=2_500
    )
    light = seen("earn", account({"earn": earned}, totals={"earn": 4_000}, age_ms=300 * DAY_MS), points=2_500)
    assert isinstance(DETECTOR.judge(heavy), Clear)
    assert codes(DETECTOR.judge(light)) == {"EARN_SPEED_HIGH"}


def returned(times, *, balance):
    kinds = {"return": series(*(n * DAY_MS for n in range(times)), points=400)}
    return seen("return", account(kinds), points=400, balance_before=balance)


def test_a_return_of_points_still_there_is_clear():
    assert isinstance(DETECTOR.judge(returned(3, balance=400)), Clear)


def test_repeated_returns_of_spent_points_add_up():
    scores = [DETECTOR.judge(returned(times, balance=0)).score for times in (1, 2, 3, 50)]
    assert scores == sorted(scores)
    assert scores[0] * DEFAULT_WEIGHTS["earn_burn"] < 0.5 < scores[2] * DEFAULT_WEIGHTS["earn_burn"]
    assert codes(DETECTOR.judge(returned(1, balance=0))) == {"RETURN_AFTER_REDEEM"}
    assert isinstance(DETECTOR.judge(seen("return", account(), points=400)), Abstained)


@given(st.integers(0, 50_000), st.integers(0, 50_000), st.sampled_from([None, 100, 60_000]))
def test_burning_more_never_scores_less_on_the_ratio(points, more, balance):
    """The ratio's own finding is monotone in what is burned."""

    def weight(burned):
        judgement = DETECTOR.judge(redemption(burned, balance_before=balance))
        found = judgement.reasons if isinstance(judgement, Signal) else ()
        return next((reason.weight for reason in found if reason.code == "BURN_RATIO_HIGH"), 0.0)

    assert weight(points) <= weight(points + more) + 1e-12


@pytest.mark.parametrize(
    "snapshot",
    [
        redemption(9_000, earned=3_000, burned=2_900),
        redemption(6_000, earned=6_500, fresh=series(20 * MINUTE_MS, points=6_000)),
        seen("earn", account({"earn": series(0, points=30_000)}), points=30_000),
        returned(2, balance=150),
    ],
)
def test_every_message_says_its_numbers(snapshot):
    """The sentence is computed from the evidence: each count of points in it stands in the message."""
    for reason in DETECTOR.judge(snapshot).reasons:
        assert reason.code in CODES
        spoken = set(re.findall(r"\d+", reason.message))
        counts = {str(value) for name, value in reason.evidence.items() if name.endswith("points")}
        assert counts <= spoken
