"""Too often, too much, too many: how far the programme's limits are exceeded, or how near they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from detectors.base import Abstained, Clear, Judgement, Reason, Signal, noisy_or
from detectors.default_limits import DEFAULT_LIMITS
from detectors.limits import Breach, Limit, is_exempt, observed
from detectors.phrases import breach_message
from detectors.snapshot import Snapshot
from detectors.thresholds import Threshold

NEAREST: Final = Threshold(
    0.4,
    "score",
    "an account at all its limits still ranks below every account over one (0.5)",
    "docs/policy.md",
)
OVERLAP: Final = Threshold(
    0.25,
    "ratio",
    "windows of one series count the same events: a second one over says little that the first did not",
    "docs/decisions/0002-verdict-and-thresholds.md",
)


def strength(breach: Breach) -> float:
    """The limit's own weight at one over, rising towards 1 with the value: 1 - (1 - w)·(max + 1)/observed."""
    return 1.0 - (1.0 - breach.limit.weight) * (breach.limit.max + 1) / breach.observed


def evidence(breach: Breach) -> dict[str, int | float | str]:
    """The deciding numbers of a breach, under the names the contract shows."""
    return {
        breach.limit.measure: breach.observed,
        "limit": breach.limit.max,
        "window_s": breach.limit.window_s,
    }


def reasons(breaches: list[Breach]) -> list[Reason]:
    """A reason for each breach, strongest first; breaches of the same series after the first count less."""
    found, spoken = [], set()
    for one in sorted(breaches, key=lambda breach: (-strength(breach), breach.limit.code)):
        subject = (one.limit.role, one.limit.kinds)
        weight = strength(one) * (OVERLAP.value if subject in spoken else 1.0)
        spoken.add(subject)
        message = breach_message(one.limit, one.observed)
        found.append(Reason(one.limit.code, weight, message, evidence(one)))
    return found


@dataclass(frozen=True, slots=True)
class Velocity:
    """
    The limits of a programme as a graded score.

    Args:
        limits: What may happen how often. The limits stage of the verdict acts on the same ones.

    Returns:
        Signal with a reason for each limit exceeded (score from 0.5); Clear with how near the limits are
        (score up to 0.4); Abstained where no limit applies.

    Source: docs/decisions/0002-verdict-and-thresholds.md.
    """

    limits: tuple[Limit, ...] = DEFAULT_LIMITS
    by_type: Mapping[str, tuple[Limit, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the limits by the event type they apply to, once."""
        types = {event_type for limit in self.limits for event_type in limit.applies_to}
        by_type = {name: tuple(one for one in self.limits if name in one.applies_to) for name in types}
        object.__setattr__(self, "by_type", by_type)

    @property
    def name(self) -> str:
        """As the contract lists it."""
        return "velocity"

    def judge(self, seen: Snapshot) -> Judgement:
        """Hold every limit of this event type against what was seen."""
        held = 0
        calm = 1.0
        over: list[Breach] = []
        for limit in self.by_type.get(seen.event.type, ()):
            if getattr(seen, limit.role) is None or is_exempt(limit, seen):
                continue
            held += 1
            value = observed(limit, seen)
            if value > limit.max:
                over.append(Breach(limit, value))
            else:
                itself = limit.measure != "points"  # an event alone is near no limit
                share = (value - itself) / (limit.max + 1 - itself) if value > itself else 0.0
                calm *= 1.0 - share * share
        if over:
            found = reasons(over)
            return Signal(self.name, noisy_or([reason.weight for reason in found]), found)
        if not held:
            return Abstained(self.name, f"no limit applies to this {seen.event.type}")
        return Clear(self.name, NEAREST.value * (1.0 - calm))
