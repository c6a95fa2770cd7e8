"""What the laws about points share: when a finding is worth a word, and how its weight rises."""

from __future__ import annotations

from typing import Final

from detectors.base import Reason
from detectors.thresholds import Threshold

ADR: Final = "docs/decisions/0002-verdict-and-thresholds.md"
FAINTEST: Final = Threshold(
    0.1, "weight", "below it a finding is not worth an analyst's minute; it still ranks", ADR
)
WEAK: Final = Threshold(
    0.3,
    "weight",
    "people save for the holidays: two weak findings together stay below the challenge at 0.5",
    ADR,
)
Finding = Reason | float
"""A reason, or the weight below the faintest that it came to: the message is only written for a reason."""


def excess(value: float, start: float, most: float) -> float:
    """A weight from the faintest at `start` towards `most`; below `start` in proportion to it."""
    faintest = FAINTEST.value
    if value < start:
        return faintest * value / start
    return faintest + (most - faintest) * (1.0 - start / value)
