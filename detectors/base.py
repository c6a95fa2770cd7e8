"""What a detector is, and the three things it can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field

from detectors.actions import Action
from detectors.snapshot import Snapshot

Evidence = Mapping[str, int | float | str]


class Reason(Struct, frozen=True):
    """
    One finding of a detector.

    code:     stable upper-case id; also the key of the texts shown to the member.
    weight:   the finding's own strength in [0, 1); reasons of a detector combine by noisy-OR.
    message:  for the analyst, in English, computed from `evidence`.
    evidence: the deciding numbers, each with its unit in the name, and the limit it was held against.
    least:    the mildest answer it leaves, where the sum of weights is not to decide that.
    """

    code: str
    weight: float
    message: str
    evidence: Evidence = field(default_factory=dict)
    least: Action = "allow"


class Signal(Struct, frozen=True):
    """Something was found. `score` in [0, 1] is the noisy-OR of the reasons' weights."""

    detector: str
    score: float
    reasons: Sequence[Reason]


class Clear(Struct, frozen=True):
    """Looked, and found nothing worth a reason. `score` still ranks: how near it came, below any reason."""

    detector: str
    score: float = 0.0


class Abstained(Struct, frozen=True):
    """Could not tell, and why. It never counts for or against the member."""

    detector: str
    why: str


Judgement = Signal | Clear | Abstained


class Detector(Protocol):
    """A law of fraud. Frozen; reads a snapshot and nothing else; same snapshot, same answer."""

    @property
    def name(self) -> str:
        """The name the contract lists it under."""
        ...

    def judge(self, seen: Snapshot) -> Judgement:
        """Judge one event. Must not raise on any snapshot; if it does, the decision is marked degraded."""
        ...


def noisy_or(weights: Sequence[float]) -> float:
    """1 - Π(1 - wᵢ): monotone, order-free, in [0, 1]."""
    clear = 1.0
    for weight in weights:
        clear *= 1.0 - weight
    return 1.0 - clear
