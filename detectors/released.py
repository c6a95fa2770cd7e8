"""Reasons that a person has judged legitimate at this account: still told, and for a while no ground to hold it up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from detectors.actions import Action
from detectors.base import Judgement, Signal
from detectors.policy import Cutoffs
from detectors.thresholds import Threshold

ADR: Final = "docs/decisions/0012-feedback.md"
EXCUSED_FOR: Final = Threshold(
    90, "d", "a habit lasts a season; whoever earns trust once must not have it for good", ADR
)
SLACK: Final = Threshold(
    0.1, "weight", "the same finding wavers by a little; a much stronger one was never looked at", ADR
)
EXCUSABLE: Final = frozenset({"duplicates", "earn_burn", "anomaly"})
"""Detectors whose reasons can be excused. Never a takeover, which is another person, nor a limit, list, lock or rule."""


def excused_codes(judgements: Iterable[Judgement], excused: Mapping[str, float]) -> tuple[str, ...]:
    """Codes found again no stronger than they were judged legitimate, in order."""
    if not excused:
        return ()
    found = {
        reason.code: excused.get(reason.code, -1.0) + SLACK.value >= reason.weight
        for judgement in judgements
        if isinstance(judgement, Signal) and judgement.detector in EXCUSABLE
        for reason in judgement.reasons
        if reason.code in excused
    }
    return tuple(sorted(code for code, is_weak in found.items() if is_weak))


def most(cutoffs: Cutoffs) -> Action:
    """The sternest answer excused reasons can lead to: a question, where this type of event asks any."""
    return "allow" if cutoffs.challenge is None else "challenge"
