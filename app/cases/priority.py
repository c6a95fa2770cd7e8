"""
What comes first: expected loss in money, how soon a case must be decided, and the order of the queue. Pure.

The queue is in the order of expected loss × urgency, and urgency doubles with every shift towards the due instant (and
beyond). Of that product the logarithm is log2(loss) + (now − due) / shift: since `now` is the same for all cases, the
order never changes while they wait, and `rank` leaves it out. So the order is a number that an index can hold.
"""

from __future__ import annotations

from math import log2
from typing import Final, NamedTuple

from app.cases.ports import Priority
from app.cases.terms import MINUTE_MS, CaseTerms

SHIFT_MS: Final = 8 * 3_600_000
"""An analyst's shift: what is due a shift earlier weighs as much as what is worth twice."""
FLOOR_MINOR: Final = 100
"""Added to every loss, minor units: below 1 EUR amounts do not order a queue, the due instant does."""
RANKS_A_DOUBLING: Final = 1_000
"""`rank` counts thousandths of a doubling: a difference of 0.07 % in loss, 29 s in time."""
CRITICAL_RISK: Final = 85.0
"""From this risk on a case is serious whatever the amount: the default line to `block` (docs/policy.md)."""


class Assessment(NamedTuple):
    """What a case is worth a look. Minor units."""

    value_minor: int
    loss_minor: int
    priority: Priority


def assess(points: int, risk_score: float, terms: CaseTerms, *, held: bool, disputed: bool) -> Assessment:
    """
    How much is at stake, and how soon it matters.

    Args:
        points: At stake.
        risk_score: Of the riskiest decision, 0 to 100.
        terms: The programme's.
        held: Whether points are held for it now.
        disputed: Whether the member said that it was not them.
    """
    value_minor = round(points * terms.point_minor)
    loss_minor = round(points * terms.point_minor * risk_score / 100)
    if disputed or (held and value_minor >= terms.urgent_minor):
        return Assessment(value_minor, loss_minor, 1)
    serious = risk_score >= CRITICAL_RISK or loss_minor >= terms.serious_minor
    return Assessment(value_minor, loss_minor, 2 if serious else 3)


class Deadlines(NamedTuple):
    """By when somebody should have looked, and by when it should be decided, in milliseconds."""

    touch_ms: int | None
    due_ms: int


def deadlines(priority: Priority, since_ms: int, terms: CaseTerms) -> Deadlines:
    """What is promised of a case that has had this priority since then."""
    touch_ms = since_ms + terms.touch_minutes * MINUTE_MS if priority == 1 else None
    return Deadlines(touch_ms, since_ms + terms.decide_ms(priority))


def rank(loss_minor: int, due_ms: int) -> int:
    """The place in the queue: greater comes first. See above."""
    return round(RANKS_A_DOUBLING * (log2(loss_minor + FLOOR_MINOR) - due_ms / SHIFT_MS))
