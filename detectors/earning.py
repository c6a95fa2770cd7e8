"""Points that come in unlike any shopper's: too fast, too many for the money, twice, by a timer, or bought with haste."""

from __future__ import annotations

from typing import Final

from detectors.amounts import decimal
from detectors.balance import MONTH_S, earned, moved
from detectors.base import Reason
from detectors.findings import ADR, FAINTEST, Finding, excess
from detectors.snapshot import DAY_S, EMPTY, HOUR_S, Snapshot
from detectors.thresholds import Threshold

SPEED_FROM: Final = Threshold(
    3.0, "months of points a day", "one large purchase brings three months' points; honest, though rare", ADR
)
SPEED_MOST: Final = Threshold(
    0.75, "weight", "a year's points in a day (twelve times) then just reaches a review", ADR
)
MONTH_PACE: Final = Threshold(
    3.0, "days' pace", "thirty days may bring as much as three such days before it counts as fast", ADR
)
OWN_USUAL_MOST: Final = Threshold(
    10.0,
    "months of points",
    "a heavy shopper's own habit counts, but a farm may not become its own yardstick",
    ADR,
)
AGAIN_FROM: Final = Threshold(
    0.2,
    "months of points",
    "the same small basket twice a day is lunch, most of a week's shopping is not",
    ADR,
)
AGAIN_WITHIN: Final = Threshold(
    3, "h", "a receipt is posted again while somebody is at it; round sums meet again on another day", ADR
)
AGAIN: Final = Threshold(
    0.6,
    "weight",
    "two large baskets of the same points in three hours are one receipt told twice (typology 22)",
    ADR,
)
UNATTENDED: Final = frozenset({"app", "web"})
"""Only an app or a page can be run by a timer: elsewhere a person stands, or it is the sender's clock."""
SAME_MINUTE: Final = Threshold(
    90, "s", "a timer with some jitter; people who do a thing daily spread over a quarter of an hour", ADR
)
CLOCKWORK_FROM: Final = Threshold(
    7,
    "d",
    "a habit of 20 minutes' spread meets the same three minutes on 3 of 30 days (typology 21: ten)",
    ADR,
)
CLOCKWORK: Final = Threshold(0.6, "weight", "a timer earns for somebody who is not there: look", ADR)
EMULATED: Final = Threshold(
    0.56,
    "weight",
    "an emulator runs many phones at once; few honest members own one: look (typology 21)",
    "domain",
)
KNOWN_BUYER: Final = Threshold(
    30, "d", "an account below 30 days that buys and burns is held (typology 23)", "domain"
)
BOUGHT_WITHIN_S: Final = 3 * DAY_S
BOUGHT_FROM: Final = Threshold(
    3.0, "months of points", "a top-up for one reward is less than a season's points", ADR
)
BOUGHT: Final = Threshold(
    0.4, "weight", "buying alone is what the shop is for; it is told, and asks nobody", ADR
)
BOUGHT_AND_SPENT: Final = Threshold(
    0.6, "weight", "bought and spent before the payment settled: ask (typology 23)", "domain"
)
RATE_FROM: Final = Threshold(
    5.0, "multiples of usual", "campaigns double or triple points; five times is no campaign's", ADR
)
RATE_MOST: Final = Threshold(
    0.8, "weight", "ten times the rate stays below a review (0.45 × 0.9), twenty goes beyond", ADR
)


def speed(seen: Snapshot) -> Finding:
    """Months' worth of points in a day, or years' worth in a month."""
    month = seen.segment.month_points
    age_months = (seen.as_of_ms - seen.account.first_seen_ms) / (MONTH_S * 1_000)
    own = earned(seen) / age_months if age_months >= 1.0 else 0.0
    usual = max(month, min(own, OWN_USUAL_MOST.value * month))
    day = max(0, moved(seen, ("earn", "adjust"), DAY_S))
    days = max(0, moved(seen, ("earn", "adjust"), MONTH_S))
    pace = max(day, days / MONTH_PACE.value) / usual
    weight = excess(pace, SPEED_FROM.value, SPEED_MOST.value)
    if weight < FAINTEST.value:
        return weight
    message = (
        f"{day} points earned in 24 h and {days} in 30 d: {pace:.1f} × the usual month of {usual:.0f} "
        f"(limit {SPEED_FROM.value:.1f} ×)"
    )
    return Reason(
        "EARN_SPEED_HIGH",
        weight,
        message,
        {
            "earned_24h_points": day, "earned_30d_points": days, "usual_month_points": round(usual),
            "pace": round(pace, 1), "limit": SPEED_FROM.value,
        },
    )  # fmt: skip


def rate(seen: Snapshot, points: int) -> Finding:
    """Far more points for the money than any campaign gives: points without a purchase."""
    usual, money = seen.segment.points_per_minor, seen.event.money
    if usual <= 0 or money is None or seen.event.type != "earn" or points < _large(seen):
        return 0.0
    times = points / (usual * max(1, abs(money.amount_minor)))
    weight = excess(times, RATE_FROM.value, RATE_MOST.value)
    if weight < FAINTEST.value:
        return weight
    message = (
        f"{points} points for {decimal(money.amount_minor, money.currency)} {money.currency}: "
        f"{times:.1f} × the usual rate (limit {RATE_FROM.value:.0f} ×)"
    )
    return Reason(
        "EARN_RATE_HIGH",
        weight,
        message,
        {"points": points, "amount_minor": money.amount_minor, "times": round(times, 1),
         "limit": RATE_FROM.value},
    )  # fmt: skip


def bought_early(seen: Snapshot) -> Finding:
    """Points bought by an account that is hardly known, and spent before the payment can be disputed."""
    age_ms = seen.as_of_ms - seen.account.first_seen_ms
    bought = moved(seen, ("purchase",), BOUGHT_WITHIN_S)
    limit = BOUGHT_FROM.value * seen.segment.month_points
    if age_ms >= KNOWN_BUYER.value * DAY_S * 1_000 or bought < limit:
        return 0.0
    spending = seen.event.type != "purchase"
    most = BOUGHT_AND_SPENT if spending else BOUGHT
    weight = most.value * (min(1.0, bought / max(1, seen.event.points or 0)) if spending else 1.0)
    if weight < FAINTEST.value:
        return weight
    return Reason(
        "BOUGHT_POINTS_EARLY",
        weight,
        f"{bought} points bought within 3 d (limit {limit:.0f}) by an account first seen "
        f"{age_ms / DAY_S / 1_000:.0f} d ago (known from {KNOWN_BUYER.value:.0f} d)",
        {"bought_points": bought, "limit": round(limit), "window_s": BOUGHT_WITHIN_S},
    )


def clockwork(seen: Snapshot) -> Finding:
    """Points by app or web at the same minute, day after day: a timer, not a person."""
    if seen.event.channel not in UNATTENDED or seen.event.money is not None:
        return 0.0
    day_ms, wide_ms = DAY_S * 1_000, int(SAME_MINUTE.value) * 1_000
    days = {
        round((seen.as_of_ms - instant) / day_ms)
        for instant in seen.account.series.get("earn", EMPTY).instants_ms
        if (seen.as_of_ms - instant + wide_ms) % day_ms <= 2 * wide_ms
    }
    same = len(days)
    if same <= CLOCKWORK_FROM.value:
        return 0.0
    return Reason(
        "EARNED_BY_CLOCKWORK",
        CLOCKWORK.value,
        f"points at the same time of day, to {SAME_MINUTE.value:.0f} s, on {same} days "
        f"(limit {CLOCKWORK_FROM.value:.0f})",
        {"days": same, "limit": CLOCKWORK_FROM.value},
    )


def emulated(seen: Snapshot) -> Finding:
    """Points for missions and games on a device that is none: nobody plays on an emulator but a farm."""
    device = seen.event.device
    if device is None or not device.is_emulator or seen.event.money is not None:
        return 0.0
    return Reason(
        "EARNED_ON_EMULATOR",
        EMULATED.value,
        "points on an emulated device (limit 0)",
        {"emulated": 1, "limit": 0},
    )


def _large(seen: Snapshot) -> float:
    """Points that are worth a look at one purchase."""
    return AGAIN_FROM.value * seen.segment.month_points


def again(seen: Snapshot, points: int) -> Finding:
    """The same points for a purchase once more, soon: a receipt posted twice."""
    if seen.event.money is None or points < _large(seen):
        return 0.0
    earned_before = seen.account.series.get("earn", EMPTY)
    since_ms = seen.as_of_ms - int(AGAIN_WITHIN.value) * HOUR_S * 1_000
    same = sum(
        1
        for instant, one in zip(earned_before.instants_ms, earned_before.points, strict=False)
        if since_ms < instant <= seen.as_of_ms and one == points
    )
    if same <= 1:
        return 0.0
    weight = 1.0 - (1.0 - AGAIN.value) / (same - 1)
    return Reason(
        "EARNED_AGAIN",
        weight,
        f"{points} points for a purchase, {same} times in {AGAIN_WITHIN.value:.0f} h (limit 1)",
        {"points": points, "count": same, "limit": 1, "window_s": int(AGAIN_WITHIN.value) * HOUR_S},
    )
