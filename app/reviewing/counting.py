"""What a decision counts as in the daily figures: the one definition, of which the worker keeps the sums. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Final, Literal, NamedTuple

DAY_MS: Final = 86_400_000
Verdict = Literal["", "abuse", "honest", "open"]
"""What people last said: nothing, fraud or policy abuse, legitimate, undetermined."""
VERDICTS: Final[dict[str, Verdict]] = {
    "fraud": "abuse", "policy_abuse": "abuse", "legitimate": "honest", "undetermined": "open",
}  # fmt: skip
Figure = Literal[
    "decided", "handed_in", "reason", "alert_verdict", "detector_verdict", "reason_verdict", "passed", "abuse_points",
]  # fmt: skip


class Standing(NamedTuple):
    """
    What may still change of a decision.

    verdict: by the newest label on its event, else by the newest on its account.
    passed:  its challenge was passed.
    burned:  it is a redemption that took its points.
    """

    verdict: Verdict = ""
    passed: bool = False
    burned: bool = False


class Counted(NamedTuple):
    """
    A decision as far as it is counted.

    decided:   as first answered; a challenge that was passed was a challenge.
    handed_in: told as something that had already happened; nothing was asked of us.
    points:    of a redemption, else 0.
    reasons:   code and detector of each.
    """

    decided: str
    handed_in: bool
    points: int
    reasons: tuple[tuple[str, str], ...]
    standing: Standing


def counts(one: Counted) -> Counter[tuple[Figure, str]]:
    """
    Figure and name → how much, of one decision.

    decided, handed_in: decisions by result. reason: alerts by reason. `…_verdict`: alerts that people judged, as
    `name:verdict`. passed: challenges passed. abuse_points: points of redemptions called abuse, `stopped` or `lost`.
    An alert is a decision other than allow.
    """
    found: Counter[tuple[Figure, str]] = Counter()
    found["handed_in" if one.handed_in else "decided", one.decided] += 1
    verdict, passed, burned = one.standing
    if passed:
        found["passed", ""] += 1
    if verdict == "abuse" and one.points:
        found["abuse_points", "lost" if burned else "stopped"] += one.points
    if one.decided == "allow":
        return found
    for code in {code for code, _ in one.reasons}:
        found["reason", code] += 1
        if verdict:
            found["reason_verdict", f"{code}:{verdict}"] += 1
    if verdict:
        found["alert_verdict", f"{one.decided}:{verdict}"] += 1
        for detector in {detector for _, detector in one.reasons}:
            found["detector_verdict", f"{detector}:{verdict}"] += 1
    return found


def changed(before: Counted, after: Standing) -> Counter[tuple[Figure, str]]:
    """What is to be added, less taken away, where a decision stands otherwise now."""
    found = Counter(counts(before._replace(standing=after)))
    found.subtract(counts(before))
    return Counter({key: more for key, more in found.items() if more})
