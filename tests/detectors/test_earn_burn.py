"""Points against points: ordinary members stay clear, and each finding says its numbers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from detectors.base import Abstained, Clear, Judgement, Signal
from detectors.earn_burn import CODES, EarnBurn
from detectors.policy import DEFAULT, DEFAULT_WEIGHTS
from tests.detectors.snapshots import DAY_MS, HOUR_MS, account, peers, seen, series

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


def given_points(*ages_ms, points, peer_age_ms, earned=2_000):
    """A member of 130 days who earned some and was sent some, the first time so long ago."""
    spent = {kind: series(0, points=9_000) for kind in ("redeem", "transfer")}
    kinds = {"earn": WEEKLY, "received": series(*ages_ms, points=points)} | spent
    member = account(kinds, totals={"earn": earned}, age_ms=130 * DAY_MS)
    sender = {"counterparty": peers(1, peer_age_ms)}
    return structs.replace(member, peers=sender)


@pytest.mark.parametrize("kind", ["redeem", "transfer"])
def test_points_that_came_by_transfers_are_no_missing_points(kind):
    """Long ago they are out of sight, so nothing is said of the balance; within the month they count."""
    long_ago = given_points(points=0, peer_age_ms=40 * DAY_MS)
    lately = given_points(10 * DAY_MS, points=9_000, peer_age_ms=10 * DAY_MS)
    nobody = structs.replace(long_ago, peers={})
    crowded = structs.replace(nobody, peers={"counterparty": peers(32)})

    def missing(member):
        judgement = DETECTOR.judge(seen(kind, member, points=9_000))
        found = judgement.reasons if isinstance(judgement, Signal) else ()
        return [reason.evidence["missing_points"] for reason in found if "missing_points" in reason.evidence]

    assert [missing(member) for member in (long_ago, lately, crowded, nobody)] == [[], [], [], [7_000]]


def test_a_return_of_points_that_a_transfer_covers_is_not_spent():
    sent = given_points(10 * DAY_MS, points=9_000, peer_age_ms=10 * DAY_MS, earned=600)
    spent = structs.replace(sent, totals_points={"earn": 600, "burn": 600})
    assert codes(DETECTOR.judge(seen("return", spent, points=400))) == set()
    old = structs.replace(spent, peers={"counterparty": peers(1, 60 * DAY_MS)}, series={})
    assert isinstance(DETECTOR.judge(seen("return", old, points=400)), Abstained)
    alone = structs.replace(old, peers={})
    assert codes(DETECTOR.judge(seen("return", alone, points=400))) == {"RETURN_AFTER_REDEEM"}


def test_what_was_refused_is_neither_burned_nor_earned():
    """A challenged transfer spends nothing, and a reviewed earning is not a speed for the month after."""
    refused = account(
        {"earn": WEEKLY, "transfer": series(DAY_MS, 2 * DAY_MS, points=5_000)}, totals={"earn": 2_400}
    )
    assert codes(DETECTOR.judge(seen("redeem", refused, points=300))) == set()
    settled = structs.replace(refused, totals_points={"earn": 12_400, "transfer": 10_000})
    assert codes(DETECTOR.judge(seen("redeem", settled, points=300))) == {"BURN_RATIO_HIGH"}
    television = account({"earn": series(5 * DAY_MS, 0, points=20_000)}, totals={"earn": 900})
    assert codes(DETECTOR.judge(seen("earn", television, points=10))) == set()
    blocked = account({"earn": series(HOUR_MS // 2, points=6_000)}, totals={"earn": 600})
    judged = DETECTOR.judge(seen("redeem", blocked, points=6_000, balance_before=9_000))
    assert all(
        reason.evidence["earned_1h_points"] <= 600 for reason in judged.reasons if "EARN" in reason.code
    )


def test_a_refused_transfer_to_a_saver_is_not_what_the_saver_spends():
    """A mule has nothing else to spend; a saver's own points cover the redemption."""
    came = {"received": series(HOUR_MS // 2, points=6_000)}
    saver = seen("redeem", account(came, totals={"earn": 6_500}), points=6_000)
    mule = seen("redeem", account(came, totals={"earn": 500}), points=6_000)
    assert "REDEEM_AFTER_EARN" not in codes(DETECTOR.judge(saver))
    assert "REDEEM_AFTER_EARN" in codes(DETECTOR.judge(mule))


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
    assert scores[0] * DEFAULT_WEIGHTS["earn_burn"] < 0.5 < scores[1] * DEFAULT_WEIGHTS["earn_burn"]
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
