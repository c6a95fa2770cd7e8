"""Goods brought back whose points are gone, that were never that dear, or that were bought to be brought back."""

from __future__ import annotations

from typing import Final

from detectors.balance import MONTH_S, moved
from detectors.base import Reason
from detectors.findings import ADR, FAINTEST, WEAK, Finding, excess
from detectors.snapshot import EMPTY, Snapshot
from detectors.thresholds import Threshold

RETURN_EACH: Final = Threshold(
    0.35,
    "weight",
    "one return of spent points is a wrong size; the second in a season is pended in the field",
    ADR,
)
RETURN_MOST: Final = Threshold(0.9, "weight", "returns are never proof: each has a receipt", ADR)
PURCHASE: Final = Threshold(
    0.1,
    "months of points",
    "a shopper who comes every third day brings home a tenth at a time, at least",
    ADR,
)
OVERSIZED_FROM: Final = Threshold(
    2.0, "multiples of usual", "one dear thing among many small ones is twice the usual; a sofa is rare", ADR
)
RETURNS_FROM: Final = Threshold(
    3, "events", "two wrong sizes a month are shopping, the third is a habit", ADR
)
RETURNED_FROM: Final = Threshold(
    0.3, "share of earned", "30 % of what qualified, brought back, is gaming the tier (typology 20)", "domain"
)


def returned(seen: Snapshot, points: int, balance: int) -> Finding:
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


def oversized(seen: Snapshot, points: int) -> Finding:
    """A return of far more than the member's purchases usually bring: of a receipt that was altered, or is another's."""
    bought = [one for one in seen.account.series.get("earn", EMPTY).points if one > 0]
    usual = max(seen.segment.month_points * PURCHASE.value, sum(bought) / len(bought) if bought else 0.0)
    weight = excess(points / usual, OVERSIZED_FROM.value, WEAK.value)
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


def bought_to_return(seen: Snapshot) -> Finding:
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
