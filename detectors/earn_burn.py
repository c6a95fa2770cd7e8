"""Points out against points in: who spends, earns or returns unlike any shopper could."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from detectors.balance import INCOME, MONTH_S, balance_before, earned, moved, net
from detectors.base import Abstained, Clear, Judgement, Reason, Signal, noisy_or
from detectors.snapshot import DAY_S, EMPTY, HOUR_S, Snapshot
from detectors.thresholds import Threshold

CODES: Final = (
    "BURN_RATIO_HIGH",
    "BURN_SHARE_HIGH",
    "EARN_SPEED_HIGH",
    "REDEEM_AFTER_EARN",
    "RETURN_AFTER_REDEEM",
    "RETURN_OVERSIZED",
    "RETURN_SHARE_HIGH",
    "EARNED_AGAIN",
    "EARN_RATE_HIGH",
    "BOUGHT_POINTS_EARLY",
    "EARNED_BY_CLOCKWORK",
    "EARNED_ON_EMULATOR",
)
_ADR: Final = "docs/decisions/0002-verdict-and-thresholds.md"
FAINTEST: Final = Threshold(
    0.1, "weight", "below it a finding is not worth an analyst's minute; it still ranks", _ADR
)
WEAK: Final = Threshold(
    0.3,
    "weight",
    "people save for the holidays: two weak findings together stay below the challenge at 0.5",
    _ADR,
)
SAVED: Final = Threshold(
    0.15,
    "weight",
    "what the balance covers was saved up: half as odd, since the share of it is told as well",
    _ADR,
)
SHARE_FROM: Final = Threshold(
    0.7, "share of balance", "drains take 70 % of the balance or more (typology 1)", "domain"
)
RATIO_FROM: Final = Threshold(
    3.0, "multiples of usual", "three times the usual share: a saver's quarter spent within one month", _ADR
)
OVERDRAWN: Final = Threshold(
    0.6, "weight", "more spent than ever came in, on a known history: no saving explains it", _ADR
)
KNOWN_FOR: Final = Threshold(
    90, "days", "a quarter of history, before missing points count as missing and not as not yet seen", _ADR
)
KNOWN_MONTHS: Final = Threshold(
    3, "months of points", "the same quarter, in points earned by a median member", _ADR
)
SPEED_FROM: Final = Threshold(
    3.0, "months of points a day", "one large purchase brings three months' points; honest, though rare", _ADR
)
SPEED_MOST: Final = Threshold(
    0.75, "weight", "a year's points in a day (twelve times) then just reaches a review", _ADR
)
MONTH_PACE: Final = Threshold(
    3.0, "days' pace", "thirty days may bring as much as three such days before it counts as fast", _ADR
)
OWN_USUAL_MOST: Final = Threshold(
    10.0,
    "months of points",
    "a heavy shopper's own habit counts, but a farm may not become its own yardstick",
    _ADR,
)
AT_ONCE_MOST: Final = Threshold(
    0.6,
    "weight",
    "earned and gone within the hour: alone it asks nobody, with an emptied balance it does",
    _ADR,
)
SAME_DAY: Final = Threshold(
    0.5, "ratio", "buying in the morning and burning in the evening is half as odd as within the hour", _ADR
)
RETURN_EACH: Final = Threshold(
    0.35,
    "weight",
    "one return of spent points is a wrong size; the second in a season is pended in the field",
    _ADR,
)
RETURN_MOST: Final = Threshold(0.9, "weight", "returns are never proof: each has a receipt", _ADR)
PURCHASE: Final = Threshold(
    0.1,
    "months of points",
    "a shopper who comes every third day brings home a tenth at a time, at least",
    _ADR,
)
OVERSIZED_FROM: Final = Threshold(
    2.0, "multiples of usual", "one dear thing among many small ones is twice the usual; a sofa is rare", _ADR
)
RETURNS_FROM: Final = Threshold(
    3, "events", "two wrong sizes a month are shopping, the third is a habit", _ADR
)
RETURNED_FROM: Final = Threshold(
    0.3, "share of earned", "30 % of what qualified, brought back, is gaming the tier (typology 20)", "domain"
)
AGAIN_FROM: Final = Threshold(
    0.3, "months of points", "the same small basket twice a day is lunch, a week's shopping is not", _ADR
)
AGAIN_WITHIN: Final = Threshold(
    2, "h", "a receipt is posted again while somebody is at it; round sums meet again on another day", _ADR
)
AGAIN: Final = Threshold(
    0.6,
    "weight",
    "two large baskets of the same points in two hours are one receipt told twice (typology 22)",
    _ADR,
)
UNATTENDED: Final = frozenset({"app", "web"})
"""Only an app or a page can be run by a timer: elsewhere a person stands, or it is the sender's clock."""
SAME_MINUTE: Final = Threshold(
    90, "s", "a timer with some jitter; people who do a thing daily spread over a quarter of an hour", _ADR
)
CLOCKWORK_FROM: Final = Threshold(
    7,
    "d",
    "a habit of 20 minutes' spread meets the same three minutes on 3 of 30 days (typology 21: ten)",
    _ADR,
)
CLOCKWORK: Final = Threshold(0.6, "weight", "a timer earns for somebody who is not there: look", _ADR)
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
    3.0, "months of points", "a top-up for one reward is less than a season's points", _ADR
)
BOUGHT: Final = Threshold(
    0.4, "weight", "buying alone is what the shop is for; it is told, and asks nobody", _ADR
)
BOUGHT_AND_SPENT: Final = Threshold(
    0.6, "weight", "bought and spent before the payment settled: ask (typology 23)", "domain"
)
RATE_FROM: Final = Threshold(
    5.0, "multiples of usual", "campaigns double or triple points; five times is no campaign's", _ADR
)
RATE_MOST: Final = Threshold(
    0.8, "weight", "ten times the rate stays below a review (0.45 × 0.9), twenty goes beyond", _ADR
)

Finding = Reason | float
"""A reason, or the weight below the faintest that it came to: the message is only written for a reason."""


@dataclass(frozen=True, slots=True)
class EarnBurn:
    """
    Points burned, earned and returned against the segment and against the member's own balance.

    The ratio is smoothed, (burn + a·r₀) / (earn + a), with r₀ the segment's ratio and a = one median month of
    points, so that neither a zero nor a small number decides.

    Series hold what was tried, whatever was decided; totals hold what came of it. Windows are therefore taken as
    the series has them but never above the total (`moved`): an upper bound, under which what was refused counts
    only where it cannot be told from what was not. Of the member's balance nothing is said where points came by
    transfers older than the series.

    Returns:
        Signal with one reason per finding; Clear with how near it came (score up to 0.1); Abstained for
        events that move no points, and where too little is known of the member.

    Source: docs/decisions/0002-verdict-and-thresholds.md.
    """

    @property
    def name(self) -> str:
        """As the contract lists it."""
        return "earn_burn"

    def judge(self, seen: Snapshot) -> Judgement:
        """Judge redemptions, transfers, earnings and returns."""
        points = seen.event.points
        if points is None or points <= 0:
            return Abstained(self.name, "no points are moved")
        match seen.event.type:
            case "redeem" | "transfer":
                return self._spending(seen, points)
            case "earn" | "adjust":
                found = [
                    _speed(seen),
                    _again(seen, points),
                    _rate(seen, points),
                    _clockwork(seen),
                    _emulated(seen),
                ]
                return self._answer(found)
            case "purchase":
                return self._answer([_bought_early(seen)])
            case "return":
                balance = balance_before(seen)
                overdrawn = 0.0 if balance is None else _returned(seen, points, balance)
                return self._answer([overdrawn, _oversized(seen, points), _bought_to_return(seen)])
        return Abstained(self.name, f"{seen.event.type} neither earns nor burns")

    def _spending(self, seen: Snapshot, points: int) -> Judgement:
        balance = balance_before(seen)
        supported = balance is not None or earned(seen) >= seen.segment.month_points
        if not supported:
            return Abstained(
                self.name, f"fewer than {seen.segment.month_points} points earned, balance not given"
            )
        findings = [_ratio(seen, points, balance), _at_once(seen, points), _bought_early(seen)]
        if balance is not None and balance >= points:
            findings.append(_share(seen, points, balance))
        return self._answer(findings)

    def _answer(self, findings: Sequence[Finding]) -> Judgement:
        reasons = [finding for finding in findings if isinstance(finding, Reason)]
        if reasons:
            return Signal(self.name, noisy_or([reason.weight for reason in reasons]), reasons)
        near = [finding for finding in findings if isinstance(finding, float)]
        return Clear(self.name, min(FAINTEST.value, noisy_or(near)))


def _excess(value: float, start: float, most: float) -> float:
    """A weight from the faintest at `start` towards `most`; below `start` in proportion to it."""
    faintest = FAINTEST.value
    if value < start:
        return faintest * value / start
    return faintest + (most - faintest) * (1.0 - start / value)


def _ratio(seen: Snapshot, points: int, balance: int | None) -> Finding:
    usual, month = seen.segment.burn_per_earn, seen.segment.month_points
    burned = max(0, moved(seen, ("burn", "transfer"), MONTH_S))
    if seen.event.type == "redeem":
        burned += points
    came_in = max(0, moved(seen, (*INCOME, "received"), MONTH_S))
    ratio = (burned + month * usual) / (came_in + month)
    limit = RATIO_FROM.value * usual
    missing = 0
    if seen.event.balance_before is None and balance is not None and _history_is_known(seen):
        missing = max(0, points - max(0, balance))
    least = WEAK.value if balance is None or balance < points else SAVED.value
    most = least + (OVERDRAWN.value - least) * missing / points
    weight = _excess(ratio, limit, most)
    if weight < FAINTEST.value:
        return weight
    message = (
        f"burned {burned} against {came_in} earned in 30 d: smoothed ratio {ratio:.2f} (limit {limit:.2f})"
    )
    numbers: dict[str, int | float | str] = {
        "burned_points": burned, "earned_points": came_in, "ratio": round(ratio, 2),
        "limit": round(limit, 2), "window_s": MONTH_S,
    }  # fmt: skip
    if missing:
        message += f"; {missing} points more than came in since the account was first seen"
        numbers["missing_points"] = missing
    return Reason("BURN_RATIO_HIGH", weight, message, numbers)


def _history_is_known(seen: Snapshot) -> bool:
    known_ms = seen.as_of_ms - seen.account.first_seen_ms
    months = KNOWN_MONTHS.value * seen.segment.month_points
    return known_ms >= KNOWN_FOR.value * DAY_S * 1_000 and earned(seen) >= months


def _share(seen: Snapshot, points: int, balance: int) -> Finding:
    """A balance below a median month is emptied by everybody, so only larger redemptions can be a finding."""
    share = points / balance
    limit = SHARE_FROM.value
    start = limit if points >= seen.segment.month_points else 1.0 + limit
    over = (share - limit) / (1.0 - limit)
    faintest = FAINTEST.value
    if share < start:
        return faintest * share / start
    weight = faintest + (WEAK.value - faintest) * over
    message = f"{points} of {balance} points at once: {share:.0%} of the balance (limit {limit:.0%})"
    return Reason(
        "BURN_SHARE_HIGH",
        weight,
        message,
        {
            "points": points,
            "balance_points": balance,
            "share_percent": round(100 * share),
            "limit": round(100 * limit),
        },
    )


def _at_once(seen: Snapshot, points: int) -> Finding:
    """How much of a large redemption was earned just before it. A median month's points or less are small."""
    month = seen.segment.month_points
    size = 1.0 - month / points
    if size <= 0.0:
        return 0.0
    hour, day = _fresh(seen, points, HOUR_S), _fresh(seen, points, DAY_S)
    fresh = max(min(1.0, hour / points), SAME_DAY.value * min(1.0, day / points))
    weight = AT_ONCE_MOST.value * fresh * size
    if weight < FAINTEST.value:
        return weight
    message = (
        f"{points} points burned; {hour} came in or were to come in the last 60 min, {day} in 24 h "
        f"(small: {month})"
    )
    return Reason(
        "REDEEM_AFTER_EARN",
        weight,
        message,
        {"points": points, "earned_1h_points": hour, "earned_24h_points": day, "limit": month},
    )


def _fresh(seen: Snapshot, points: int, window_s: int) -> int:
    """Points that came in just before, at most; a transfer's only as far as nothing totalled covers the redemption."""
    uncovered = max(0, points - max(0, net(seen)))
    return max(0, moved(seen, INCOME, window_s) + min(uncovered, moved(seen, ("received",), window_s)))


def _speed(seen: Snapshot) -> Finding:
    month = seen.segment.month_points
    age_months = (seen.as_of_ms - seen.account.first_seen_ms) / (MONTH_S * 1_000)
    own = earned(seen) / age_months if age_months >= 1.0 else 0.0
    usual = max(month, min(own, OWN_USUAL_MOST.value * month))
    day = max(0, moved(seen, ("earn", "adjust"), DAY_S))
    days = max(0, moved(seen, ("earn", "adjust"), MONTH_S))
    pace = max(day, days / MONTH_PACE.value) / usual
    weight = _excess(pace, SPEED_FROM.value, SPEED_MOST.value)
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


def _returned(seen: Snapshot, points: int, balance: int) -> Finding:
    """A return of points that are no longer there; each such season's return makes the next weigh more."""
    spent = min(points, max(0, points - max(0, balance)))
    returns = max(1, seen.account.series.get("return", EMPTY).within(seen.as_of_ms, MONTH_S * 1_000)[0])
    weight = min(RETURN_MOST.value, 1.0 - (1.0 - RETURN_EACH.value) ** returns) * spent / points
    if weight < FAINTEST.value:
        return weight
    message = f"{points} points returned of which {spent} are already spent; return {returns} in 30 d"
    return Reason(
        "RETURN_AFTER_REDEEM",
        weight,
        message,
        {"points": points, "spent_points": spent, "returns": returns, "limit": 0, "window_s": MONTH_S},
    )


def _rate(seen: Snapshot, points: int) -> Finding:
    """Far more points for the money than any campaign gives: points without a purchase."""
    usual, money = seen.segment.points_per_minor, seen.event.money
    if usual <= 0 or money is None or seen.event.type != "earn" or points < _large(seen):
        return 0.0
    times = points / (usual * max(1, abs(money.amount_minor)))
    weight = _excess(times, RATE_FROM.value, RATE_MOST.value)
    if weight < FAINTEST.value:
        return weight
    message = (
        f"{points} points for {money.amount_minor / 100:.2f} {money.currency}: {times:.1f} × the usual rate "
        f"(limit {RATE_FROM.value:.0f} ×)"
    )
    return Reason(
        "EARN_RATE_HIGH",
        weight,
        message,
        {"points": points, "amount_minor": money.amount_minor, "times": round(times, 1),
         "limit": RATE_FROM.value},
    )  # fmt: skip


def _bought_early(seen: Snapshot) -> Finding:
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


def _clockwork(seen: Snapshot) -> Finding:
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


def _emulated(seen: Snapshot) -> Finding:
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


def _oversized(seen: Snapshot, points: int) -> Finding:
    """A return of far more than the member's purchases usually bring: of a receipt that was altered, or is another's."""
    bought = [one for one in seen.account.series.get("earn", EMPTY).points if one > 0]
    usual = max(seen.segment.month_points * PURCHASE.value, sum(bought) / len(bought) if bought else 0.0)
    weight = _excess(points / usual, OVERSIZED_FROM.value, WEAK.value)
    if weight < FAINTEST.value:
        return weight
    message = (
        f"{points} points returned: {points / usual:.1f} × the {usual:.0f} that a purchase usually brings "
        f"(limit {OVERSIZED_FROM.value:.1f} ×)"
    )
    return Reason(
        "RETURN_OVERSIZED",
        weight,
        message,
        {"points": points, "usual_points": round(usual), "times": round(points / usual, 1),
         "limit": OVERSIZED_FROM.value},
    )  # fmt: skip


def _bought_to_return(seen: Snapshot) -> Finding:
    """Much of a month's purchases brought back, several times over: bought for the tier, or for the points."""
    returns, returned = seen.account.series.get("return", EMPTY).within(seen.as_of_ms, MONTH_S * 1_000)
    came_in = max(1, moved(seen, ("earn",), MONTH_S))
    share = returned / came_in
    near = min(1.0, share / RETURNED_FROM.value) * min(1.0, returns / RETURNS_FROM.value)
    if near < 1.0:
        return FAINTEST.value * near
    weight = RETURN_MOST.value * (1.0 - (1.0 - RETURN_EACH.value) ** (returns - 1))
    message = (
        f"{returns} returns in 30 d, {returned} of {came_in} points earned: {share:.0%} "
        f"(limits {RETURNS_FROM.value:.0f} returns, {RETURNED_FROM.value:.0%})"
    )
    return Reason(
        "RETURN_SHARE_HIGH",
        weight,
        message,
        {"returns": returns, "returned_points": returned, "earned_points": came_in,
         "share_percent": round(100 * share), "limit": round(100 * RETURNED_FROM.value), "window_s": MONTH_S},
    )  # fmt: skip


def _again(seen: Snapshot, points: int) -> Finding:
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
