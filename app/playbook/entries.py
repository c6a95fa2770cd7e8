"""What the playbook says of a reason code, with the numbers in force under a programme's policy."""

from __future__ import annotations

from typing import Final, NamedTuple

from app.playbook.loading import load
from app.playbook.numbers import NUMBERS
from detectors import caps
from detectors.caps import Cap
from detectors.deciding import PAIRS
from detectors.limits import Limit
from detectors.meanings import meaning
from detectors.phrases import amount
from detectors.policy import DEFAULT, Listed, Policy
from detectors.texts import member_text
from detectors.thresholds import Threshold
from detectors.typologies import points_to

POLICY: Final = "the programme's policy"
MONTHS: Final = "months of points"
"""A unit that a programme's segment turns into points."""
OWN_CHECK: Final = "Read what the rule says, and judge whether it meant this event."
OWN_MISTAKE: Final = "Whatever the author of the rule did not think of."


class Number(NamedTuple):
    """A number that decides: as text with its unit, why it is so, and where it comes from."""

    value: str
    why: str
    source: str


class Entry(NamedTuple):
    """
    One reason code.

    stage:      who says it: a detector, `limits`, `caps`, `rules`, `lists`, `fallback`.
    title:      what it means, in plain words.
    measured:   what is observed and held against a limit; "" where nothing is.
    in_force:   the limit in force, in words; "" where there is none.
    asks:       what it asks for by itself; "" where the findings are weighed together.
    numbers:    all numbers behind it, the deciding one first.
    typologies: what it points to, likeliest first.
    """

    code: str
    stage: str
    title: str
    measured: str
    in_force: str
    asks: str
    numbers: tuple[Number, ...]
    typologies: tuple[str, ...]
    check: str
    mistaken_for: str
    member_reads: str


class _Told(NamedTuple):
    stage: str
    measured: str = ""
    in_force: str = ""
    asks: str = ""
    numbers: tuple[Number, ...] = ()


def entry_for(code: str, policy: Policy = DEFAULT) -> Entry | None:
    """The entry of a code of ours, or of this policy's own limits, caps and rules; None for any other."""
    told = _of_policy(code, policy) or _of_detector(code, policy) or _of_stage(code, policy)
    written = load().reasons.get(code)
    if told is None and written is None:
        return None
    told = told or _Told("limits", in_force="switched off in this programme")
    return Entry(
        code,
        told.stage,
        meaning(code),
        told.measured,
        told.in_force,
        told.asks,
        told.numbers,
        points_to(code),
        OWN_CHECK if written is None else written.check,
        OWN_MISTAKE if written is None else written.mistaken_for,
        member_text(code, "en"),
    )


def every_code(policy: Policy = DEFAULT) -> tuple[str, ...]:
    """All codes a decision under this policy can give: ours in the order they are written, then its own."""
    own = [one.code for part in (policy.limits, policy.caps, policy.rules) for one in part]
    return tuple(dict.fromkeys((*load().reasons, *own)))


def _of_policy(code: str, policy: Policy) -> _Told | None:
    for limit in policy.limits:
        if limit.code == code:
            return _limit(limit)
    for cap in policy.caps:
        if cap.code == code:
            return _cap(cap)
    for rule in policy.rules:
        if rule.code == code:
            return _Told("rules", rule.message, rule.when, rule.effect)
    return None


def _limit(limit: Limit) -> _Told:
    within = amount(limit, limit.max)
    number = Number(within, limit.reason, POLICY)
    asks = "only weighs" if limit.action == "allow" else limit.action
    return _Told("limits", within.split(" ", 1)[1], f"at most {within}", asks, (number,))


def _cap(cap: Cap) -> _Told:
    most = f"at most {cap.max}{caps.UNITS[cap.measure]} {caps.scope(cap)}"
    number = Number(most, cap.reason or "set by the programme", POLICY)
    return _Told("caps", f"what was let through {caps.scope(cap)}", most, cap.action, (number,))


def _of_detector(code: str, policy: Policy) -> _Told | None:
    known = NUMBERS.get(code)
    if known is None:
        return None
    detector, thresholds = known
    numbers = tuple(
        Number(_valued(one, policy.segment.month_points), one.reason, one.source) for one in thresholds
    )
    observed = PAIRS[code][0].replace("_", " ") if code in PAIRS else ""
    weight = policy.weights[detector]
    counts = Number(f"weight {weight:g} of {detector}", "how far the detector's word counts", POLICY)
    numbers = (*numbers, counts)
    in_force = numbers[0].value if weight else "weighs nothing in this programme"
    return _Told(detector, observed, in_force, "", numbers)


def _valued(threshold: Threshold, month_points: int) -> str:
    value, unit = threshold.value, threshold.unit
    if unit.startswith(MONTHS):
        return f"{value:g} {unit} ({value * month_points:,.0f} points here)"
    if unit == "s" and value >= 2 * 86_400 and not value % 86_400:
        return f"{value / 86_400:g} d"
    if unit.startswith("share of"):
        return f"{value:.0%} {unit.removeprefix('share ')}"
    if unit == "weight":
        return f"weight {value:g}"
    return f"{value:,.2f}".rstrip("0").rstrip(".") + f" {unit}"


def _of_stage(code: str, policy: Policy) -> _Told | None:
    lists: dict[str, Listed] = {"LIST_BLOCK": policy.block_list, "LIST_WATCH": policy.watch_list}
    if code in lists:
        listed = lists[code]
        return _Told("lists", "what the event names", f"weight {listed.weight:g}", listed.action)
    if code == "ACCOUNT_LOCKED":
        return _Told("lists", "whether redeeming is locked", "redeem, transfer and purchase stop", "block")
    if code == "FALLBACK":
        answers = sorted({action for action in policy.fallback.values() if action != "allow"})
        return _Told(
            "fallback", "", "the answer the policy gives while nothing can be counted", " or ".join(answers)
        )
    return None
