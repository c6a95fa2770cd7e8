"""Points against points: ordinary members stay clear, and each finding says its numbers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from detectors.base import Abstained, Clear, Judgement, Signal
from detectors.earn_burn import CODES, EarnBurn
from detectors.event import Device, Money
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
    assert known.score > 0.3 > young.score > 0.15 > said.score
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
    assert codes(DETECTOR.judge(seen("return", spent, points=90))) == set()
    old = structs.replace(spent, peers={"counterparty": peers(1, 60 * DAY_MS)}, series={})
    assert codes(DETECTOR.judge(seen("return", old, points=90))) == set()
    alone = structs.replace(old, peers={})
    assert codes(DETECTOR.judge(seen("return", alone, points=90))) == {"RETURN_AFTER_REDEEM"}


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
    [("login", None), ("signup", None), ("expire", 100), ("referral", 100), ("adjust", -50)],
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


def returned(times, *, balance=None, points=100, bought=(20, 100), earned=9_000):
    """The last of so many returns, a day apart, by a member of so many purchases of so many points this month."""
    number, each = bought
    kinds = {
        "return": series(*(n * DAY_MS for n in range(times)), points=points),
        "earn": series(*((n + 1) * DAY_MS for n in range(number)), points=each),
    }
    return seen("return", account(kinds, totals={"earn": earned}), points=points, balance_before=balance)


def test_a_return_of_points_still_there_is_clear():
    assert isinstance(DETECTOR.judge(returned(3, balance=400)), Clear)
    assert isinstance(DETECTOR.judge(returned(3)), Clear)


def test_a_return_is_judged_by_its_size_where_the_balance_is_not_known():
    """Nothing is said of points spent; that they are far more than any purchase brought is told."""
    unknown = returned(1, points=900, earned=0)
    assert codes(DETECTOR.judge(unknown)) == {"RETURN_OVERSIZED"}
    assert isinstance(DETECTOR.judge(seen("return", account(), points=40)), Clear)


def test_repeated_returns_of_spent_points_add_up():
    scores = [DETECTOR.judge(returned(times, balance=0)).score for times in (1, 2, 3, 50)]
    assert scores == sorted(scores)
    assert scores[0] * DEFAULT_WEIGHTS["earn_burn"] < 0.5 < scores[1] * DEFAULT_WEIGHTS["earn_burn"]
    assert codes(DETECTOR.judge(returned(1, balance=0))) == {"RETURN_AFTER_REDEEM"}


# ---------------------------------------------------------------- purchases told twice, by nobody, for nothing


@pytest.mark.parametrize(
    ("times", "told"), [(1, False), (2, False), (3, True), (6, True)], ids=["one", "two", "three", "six"]
)
def test_buying_to_return_is_told_from_the_third_of_a_month(times, told):
    """Half of what was earned, brought back; two wrong sizes are shopping, whatever they cost."""
    judgement = DETECTOR.judge(returned(times, points=100, bought=(2 * times, 100)))
    assert codes(judgement) == ({"RETURN_SHARE_HIGH"} if told else set())
    more = DETECTOR.judge(returned(times + 1, points=100, bought=(2 * times + 2, 100)))
    assert judgement.score <= more.score


def test_a_few_returns_of_much_shopping_are_shopping():
    assert codes(DETECTOR.judge(returned(3, points=100, bought=(20, 100)))) == set()


@given(st.integers(1, 5_000), st.integers(0, 5_000))
def test_a_larger_return_never_weighs_less(points, more):
    assert DETECTOR.judge(returned(1, points=points)).score <= (
        DETECTOR.judge(returned(1, points=points + more)).score + 1e-12
    )


FORTY_EUROS = Money(4_000, "EUR")


def receipt(*ages_ms, points, money=FORTY_EUROS, **more):
    """A purchase now, and others of the same points so long ago."""
    kinds = {"earn": series(0, *ages_ms, points=points)}
    return seen("earn", account(kinds, totals={"earn": 9_000}), points=points, money=money, **more)


def test_a_receipt_told_twice_is_looked_at():
    judgement = DETECTOR.judge(receipt(5 * MINUTE_MS, points=300))
    assert codes(judgement) == {"EARNED_AGAIN"}
    assert DEFAULT.cutoffs["earn"].action(judgement.score * DEFAULT_WEIGHTS["earn_burn"]) == "review"


@pytest.mark.parametrize(
    "honest",
    [
        receipt(points=300),
        receipt(5 * MINUTE_MS, points=40),
        receipt(26 * HOUR_MS, points=300),
        receipt(5 * MINUTE_MS, points=300, money=None),
    ],
    ids=["once", "two lunches", "again tomorrow", "a mission"],
)
def test_the_same_points_again_are_mostly_ordinary(honest):
    assert codes(DETECTOR.judge(honest)) == set()


def test_a_receipt_told_often_weighs_more_and_is_never_certain():
    told = [DETECTOR.judge(receipt(*range(1, times), points=300)).reasons for times in (2, 3, 9, 64)]
    found = [reason.weight for reasons in told for reason in reasons if reason.code == "EARNED_AGAIN"]
    assert len(found) == len(told)
    assert found == sorted(found)
    assert found[-1] < 1


def purchase_of(points, *, cents, usual, **more):
    """Points for so much money, where the programme usually gives `usual` points a cent."""
    kinds = {"earn": series(0, points=points)}
    paid = seen("earn", account(kinds), points=points, money=Money(cents, "EUR"), **more)
    return structs.replace(paid, segment=structs.replace(paid.segment, points_per_minor=usual))


@pytest.mark.parametrize(
    ("points", "cents", "usual", "told"),
    [
        (200, 2_000, 0.1, False),
        (600, 2_000, 0.1, False),
        (200, 100, 0.1, True),
        (200, 100, 0.0, False),
        (60, 30, 0.1, False),
    ],
    ids=["usual", "triple points", "twenty times", "rate not known", "a few points"],
)
def test_points_far_above_the_programmes_rate(points, cents, usual, told):
    assert codes(DETECTOR.judge(purchase_of(points, cents=cents, usual=usual))) == (
        {"EARN_RATE_HIGH"} if told else set()
    )


def bought(points, kind, *, age_ms=5 * DAY_MS, spent=None):
    """Points bought a day ago, and now more of them or a redemption."""
    kinds = {"purchase": series(DAY_MS, points=points)}
    young = account(kinds, totals={"purchase": points, "earn": 600}, age_ms=age_ms)
    return seen(kind, young, points=spent or points, balance_before=spent or points)


def test_points_bought_by_a_newcomer_and_spent_are_asked_about():
    """Before the payment can be disputed; buying alone is told, and asks nobody."""
    alone, spent = (DETECTOR.judge(bought(2_000, kind)) for kind in ("purchase", "redeem"))
    assert codes(alone) == {"BOUGHT_POINTS_EARLY"} <= codes(spent)
    action = {
        kind: DEFAULT.cutoffs[kind].action(one.score * DEFAULT_WEIGHTS["earn_burn"])
        for kind, one in (("purchase", alone), ("redeem", spent))
    }
    assert action == {"purchase": "allow", "redeem": "challenge"}


@pytest.mark.parametrize(
    "honest",
    [bought(2_000, "redeem", age_ms=90 * DAY_MS), bought(600, "redeem"), bought(600, "purchase")],
    ids=["long a member", "a top-up", "a top-up alone"],
)
def test_a_top_up_for_a_reward_is_what_the_shop_is_for(honest):
    assert "BOUGHT_POINTS_EARLY" not in codes(DETECTOR.judge(honest))


def timed(*days, jitter_ms=20_000, **more):
    """A check-in at this time of day on so many days before, give or take."""
    ages = [day * DAY_MS + jitter_ms * (day * 7 % 10) // 10 for day in days]
    given = {"channel": "app"} | more
    return seen("earn", account({"earn": series(*ages, points=10)}), **given)


def test_a_timer_is_seen_by_the_minute_it_keeps():
    assert codes(DETECTOR.judge(timed(*range(10)))) == {"EARNED_BY_CLOCKWORK"}
    assert codes(DETECTOR.judge(timed(*range(7)))) == set(), "a week of discipline"


@pytest.mark.parametrize(
    "honest",
    [
        timed(*range(20), jitter_ms=20 * MINUTE_MS),
        timed(*range(20), channel="pos"),
        timed(*range(20), channel=None),
        timed(*range(20), money=Money(300, "EUR")),
    ],
    ids=["a habit", "the morning coffee", "a gate", "a purchase"],
)
def test_people_of_habit_are_no_clockwork(honest):
    assert codes(DETECTOR.judge(honest)) == set()


def played(*, emulator, **more):
    """Points by the app, on a phone or on what pretends to be one."""
    mission = seen("earn", account(), channel="app", **more)
    device = Device(id="d-1", is_emulator=emulator)
    return structs.replace(mission, event=structs.replace(mission.event, device=device))


def test_missions_on_an_emulator_are_looked_at_and_shopping_with_one_is_not():
    mission = DETECTOR.judge(played(emulator=True))
    assert codes(mission) == {"EARNED_ON_EMULATOR"}
    assert DEFAULT.cutoffs["earn"].action(mission.score * DEFAULT_WEIGHTS["earn_burn"]) == "review"
    shopped = DETECTOR.judge(played(emulator=True, money=Money(900, "EUR")))
    phone = DETECTOR.judge(played(emulator=False))
    assert codes(shopped) == codes(phone) == set()


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
        returned(2, balance=50),
        returned(1, points=900),
        returned(5, points=500),
        receipt(MINUTE_MS, points=300),
        purchase_of(200, cents=100, usual=0.1),
        bought(2_000, "purchase"),
        bought(2_000, "redeem"),
        timed(*range(10)),
        played(emulator=True),
    ],
)
def test_every_message_says_its_numbers(snapshot):
    """The sentence is computed from the evidence: each count of points in it stands in the message."""
    for reason in DETECTOR.judge(snapshot).reasons:
        assert reason.code in CODES
        spoken = set(re.findall(r"\d+", reason.message))
        counts = {str(value) for name, value in reason.evidence.items() if name.endswith("points")}
        counts |= {str(int(reason.evidence["limit"]))} - {"0"}
        assert counts <= spoken
