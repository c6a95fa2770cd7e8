"""A number somebody may question: what it is, in which unit, why it is so, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Threshold:
    """
    One number of a detector.

    value:  the number.
    unit:   what it counts: `points`, `events`, `s`, `ratio`, `weight`, …
    reason: why this value and not half or twice it.
    source: a document of this repository, a published figure, or `domain` for the field's own practice.
    """

    value: float
    unit: str
    reason: str
    source: str
