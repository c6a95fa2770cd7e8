"""Unlike anybody else: what a trained model makes of the whole event. Alone it never goes beyond review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from detectors.base import Abstained, Clear, Judgement, Reason, Signal
from detectors.forest.explain import Attribution
from detectors.forest.features import FEATURES, segment
from detectors.forest.gathering import Segment
from detectors.forest.model import Row
from detectors.snapshot import Segment as Usual
from detectors.snapshot import Snapshot
from detectors.thresholds import Threshold

CODES: Final = ("ANOMALY_UNUSUAL",)

RARE: Final = Threshold(
    0.99, "percentile of the segment", "one event in a hundred is what analysts can look at", "domain"
)
RAREST: Final = Threshold(
    0.8,
    "weight",
    "the rarest event reaches a review with room to spare; rarity is not proof",
    "docs/policy.md",
)
NEAREST: Final = Threshold(
    0.15, "score", "an unremarkable event ranks far below every reported one (0.5)", "docs/policy.md"
)
STEEP: Final = Threshold(
    2.0,
    "power",
    "the nearer to the end of the scale, the more each step counts",
    "docs/policy.md",
)
FOUND: Final = Threshold(
    0.3,
    "weight",
    "the first reported percentile ranks above the ordinary and asks for nothing",
    "docs/policy.md",
)


class Place(Protocol):
    """Where one event stands among its like."""

    @property
    def percentile(self) -> float:
        """Share of the segment's events that are less unusual, in (0, 1)."""
        ...

    def attributions(self) -> Sequence[Attribution]:
        """What made it unusual, strongest first."""
        ...


class Model(Protocol):
    """A trained model. Pure: the same vector, the same answer."""

    @property
    def version(self) -> str:
        """Which artefact this is."""
        ...

    def usual(self, program_id: str) -> Usual | None:
        """What is usual in a programme, for policies that do not say; None where it was not learned."""
        ...

    def place(self, segment: Segment, vector: Row) -> Place | None:
        """The event's place in its segment; None where the segment is too small to say."""
        ...


@dataclass(frozen=True, slots=True)
class Anomaly:
    """
    The model's percentile as a graded score.

    Returns:
        Signal from the 99th percentile (score from 0.3 to 0.8); Clear below; Abstained without a model, or
        where the model cannot tell.
    """

    model: Model | None = None

    @property
    def name(self) -> str:
        """As the contract lists it."""
        return "anomaly"

    def judge(self, seen: Snapshot) -> Judgement:
        """Ask the model, if there is one."""
        if self.model is None:
            return Abstained(self.name, "no model loaded")
        place = self.model.place(segment(seen), np.frombuffer(seen.vector, np.float32))
        if place is None:
            return Abstained(self.name, "the segment is too small to compare with")
        percentile = place.percentile
        if percentile < RARE.value:
            return Clear(self.name, NEAREST.value * percentile**STEEP.value)
        beyond = (percentile - RARE.value) / (1.0 - RARE.value)
        weight = FOUND.value + (RAREST.value - FOUND.value) * beyond
        because = "; ".join(said(one) for one in place.attributions())
        message = f"more unusual than {percentile:.2%} of the segment (limit {RARE.value:.0%}): {because}"
        numbers: dict[str, int | float | str] = {
            "percentile": round(100 * percentile, 3),
            "limit": 100 * RARE.value,
            "features": because,
        }
        return Signal(self.name, weight, [Reason(CODES[0], weight, message, numbers)])


def said(one: Attribution) -> str:
    """A feature in words, beside the segment's usual: "92 % of the balance at once (usual here: 8 %)"."""
    feature = FEATURES[one.feature]
    return f"{feature.say(one.value)} {feature.title} (usual here: {feature.say(one.usual)})"
