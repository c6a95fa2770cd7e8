"""Caps: how much may be let through at all, for a member, a household, a reward, a programme, in a day or for ever.

A limit counts what was tried; a cap counts what was let through, and whatever is let through reserves its part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from detectors.actions import Action
from detectors.base import Reason
from detectors.event import Event
from detectors.phrases import span
from detectors.snapshot import DAY_S

Per = Literal["member", "household", "device", "reward", "campaign", "partner", "program"]
CapMeasure = Literal["count", "points", "value_minor"]
Period = Literal["day", "ever"]

EVENT_BY_EVENT: Final = frozenset({"member", "household", "device"})
"""Whom a rolling window can be kept for: it is kept event by event, and read as a whole at each of them."""
LONGEST_ROLLING_S: Final = 30 * DAY_S
"""As for limits (`detectors.limits.LONGEST_WINDOW_S`): what members remember, and what stores keep."""
SHORTEST_WAIT_S: Final = 60
"""For a completion: shorter than what a reservation holds while it is being decided, it would change nothing."""
PART: Final = 0.5
"""Weight of a used-up cap among the reasons. It is no suspicion, so it adds nothing to the risk."""
UNITS: Final = {"count": "", "points": " points", "value_minor": " minor units"}


@dataclass(frozen=True, slots=True)
class Cap:
    """
    At most `max` let through, the event itself included.

    code:       stable upper-case id; the reason code where it is used up.
    applies_to: the event types that use it.
    per:        whose it is: each member, household, device, reward, campaign or partner, or the programme.
    measure:    `count` events, sum `points`, or sum `value_minor` of the event's money in `currency`.
    window:     a calendar `day` in the programme's time zone, `ever`, or a rolling window in seconds.
    max:        the last value that is still within the cap.
    action:     the least the decision becomes where it is used up.
    complete_within_s: an allowed event gives its part back if it is not told `completed` by then; None: it keeps it.
    reward_ids, campaign_ids, partner_ids, reasons: only events that name one of these; empty: any.
    reason:     why this number.
    """

    code: str
    applies_to: tuple[str, ...]
    per: Per
    max: int
    measure: CapMeasure = "count"
    window: Period | int = "day"
    currency: str = ""
    action: Action = "block"
    complete_within_s: int | None = None
    reward_ids: tuple[str, ...] = ()
    campaign_ids: tuple[str, ...] = ()
    partner_ids: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    reason: str = ""

    def takes(self, event: Event) -> int:
        """How much of it an event of a type it applies to would use; 0: none, it is not held against it."""
        named = (
            (self.reward_ids, event.reward_id),
            (self.campaign_ids, event.campaign_id),
            (self.partner_ids, event.partner_id),
            (self.reasons, event.reason),
        )
        if any(wanted and said not in wanted for wanted, said in named):
            return 0
        if self.measure == "count":
            return 1
        if self.measure == "points":
            return max(event.points or 0, 0)
        money = event.money
        return max(money.amount_minor, 0) if money is not None and money.currency == self.currency else 0


class CapBreach(NamedTuple):
    """
    A cap that had no room for the event: what was used of it, and what the event asked for.

    whose: what it was held against where that is not what `per` says (a household that is not known: the member).
    """

    cap: Cap
    used: int
    asked: int
    whose: str = ""


def problems(cap: Cap) -> list[str]:
    """What is wrong with a cap, in words."""
    found = []
    if not cap.applies_to:
        found.append("applies_to must name at least one event type")
    if cap.max < 0:
        found.append("max must not be negative")
    if cap.action == "allow":
        found.append("action must be challenge, review or block: a cap that allows everything is none")
    if (cap.measure == "value_minor") != bool(cap.currency):
        found.append("currency goes with measure value_minor, and value_minor with a currency")
    if cap.complete_within_s is not None and cap.complete_within_s < SHORTEST_WAIT_S:
        found.append(f"complete_within_s must be at least {SHORTEST_WAIT_S} seconds")
    if isinstance(cap.window, int):
        if not 1 <= cap.window <= LONGEST_ROLLING_S:
            found.append(f"window must be day, ever, or from 1 to {LONGEST_ROLLING_S} seconds")
        if cap.per not in EVENT_BY_EVENT:
            known = ", ".join(sorted(EVENT_BY_EVENT))
            found.append(f"a rolling window is kept for {known} alone; per {cap.per} take day or ever")
    return found


def reasons(breaches: Iterable[CapBreach]) -> list[Reason]:
    """A reason for each cap used up."""
    return [
        Reason(one.cap.code, PART, message(one), evidence(one))
        for one in sorted(breaches, key=lambda each: each.cap.code)
    ]


def message(breach: CapBreach) -> str:
    """What is used up, with the numbers: `120 of 500 points per member in a day are left; 200 were asked for`."""
    cap = breach.cap
    left = max(cap.max - breach.used, 0)
    return f"{left} of {cap.max}{UNITS[cap.measure]} {scope(cap)} are left; {breach.asked} asked for"


def scope(cap: Cap) -> str:
    """For whom and in which time: `per member in a day`."""
    when = {"day": "in a day", "ever": "in all"}.get(str(cap.window))
    return f"per {cap.per} {when or f'in {span(int(cap.window))}'}"


def evidence(breach: CapBreach) -> dict[str, int | float | str]:
    """The deciding numbers under the names a limit shows them by, and what they are made of."""
    cap = breach.cap
    told: dict[str, int | float | str] = {
        cap.measure: breach.used + breach.asked,
        "limit": cap.max,
        "used": breach.used,
        "asked": breach.asked,
        "per": cap.per,
        "window": cap.window if isinstance(cap.window, str) else span(cap.window),
    }
    if cap.currency:
        told["currency"] = cap.currency
    if breach.whose:
        told["held_against"] = breach.whose
    return told
