"""Points out against points in: who spends, earns or returns unlike any shopper could."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from detectors.balance import INCOME, MONTH_S, balance_before, earned, moved, net
from detectors.base import Abstained, Clear, Judgement, Reason, Signal, noisy_or
from detectors.earning import again, bought_early, clockwork, emulated, rate, speed
from detectors.findings import ADR, FAINTEST, WEAK, Finding, excess
from detectors.returning import bought_to_return, oversized, returned
from detectors.snapshot import DAY_S, HOUR_S, Snapshot
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
SAVED: Final = Threshold(
    0.15,
    "weight",
    "what the balance covers was saved up: half as odd, since the share of it is told as well",
    ADR,
)
SHARE_FROM: Final = Threshold(
    0.7, "share of balance", "drains take 70 % of the balance or more (typology 1)", "domain"
)
RATIO_FROM: Final = Threshold(
    3.0, "multiples of usual", "three times the usual share: a saver's quarter spent within one month", ADR
)
OVERDRAWN: Final = Threshold(
    0.6, "weight", "more spent than ever came in, on a known history: no saving explains it", ADR
)
KNOWN_FOR: Final = Threshold(
    90, "days", "a quarter of history, before missing points count as missing and not as not yet seen", ADR
)
KNOWN_MONTHS: Final = Threshold(
    3, "months of points", "the same quarter, in points earned by a median member", ADR
)
AT_ONCE_MOST: Final = Threshold(
    0.6,
    "weight",
    "earned and gone within the hour: alone it asks nobody, with an emptied balance it does",
    ADR,
)
SAME_DAY: Final = Threshold(
    0.5, "ratio", "buying in the morning and burning in the evening is half as odd as within the hour", ADR
)


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
                    speed(seen),
                    again(seen, points),
                    rate(seen, points),
                    clockwork(seen),
                    emulated(seen),
                ]
                return self._answer(found)
            case "purchase":
                return self._answer([bought_early(seen)])
            case "return":
                balance = balance_before(seen)
                overdrawn = 0.0 if balance is None else returned(seen, points, balance)
                return self._answer([overdrawn, oversized(seen, points), bought_to_return(seen)])
        return Abstained(self.name, f"{seen.event.type} neither earns nor burns")

    def _spending(self, seen: Snapshot, points: int) -> Judgement:
        balance = balance_before(seen)
        supported = balance is not None or earned(seen) >= seen.segment.month_points
        if not supported:
            return Abstained(
                self.name, f"fewer than {seen.segment.month_points} points earned, balance not given"
            )
        findings = [_ratio(seen, points, balance), _at_once(seen, points), bought_early(seen)]
        if balance is not None and balance >= points:
            findings.append(_share(seen, points, balance))
        return self._answer(findings)

    def _answer(self, findings: Sequence[Finding]) -> Judgement:
        reasons = [finding for finding in findings if isinstance(finding, Reason)]
        if reasons:
            return Signal(self.name, noisy_or([reason.weight for reason in reasons]), reasons)
        near = [finding for finding in findings if isinstance(finding, float)]
        return Clear(self.name, min(FAINTEST.value, noisy_or(near)))


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
    weight = excess(ratio, limit, most)
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
