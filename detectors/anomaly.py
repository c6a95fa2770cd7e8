"""Unlike anybody else: what a trained model makes of the whole event. Alone it never goes beyond review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from detectors.base import Abstained, Clear, Judgement, Reason, Signal
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
    0.4, "score", "an unremarkable event ranks below every reported one (0.5)", "docs/policy.md"
)
FOUND: Final = Threshold(
    0.5, "weight", "the first reported percentile stands at the line of review", "docs/policy.md"
)


class Rarity(NamedTuple):
    """
    A model's view of one event.

    percentile: share of the segment's events that are less unusual, in [0, 1].
    features:   what moved it most, in words with the comparison, strongest first.
    """

    percentile: float
    features: Sequence[str]


class Model(Protocol):
    """A trained model. Pure: the same snapshot, the same answer."""

    @property
    def version(self) -> str:
        """Which artefact this is."""
        ...

    def score(self, seen: Snapshot) -> Rarity | None:
        """The event's place in its segment; None where the segment is too small to say."""
        ...


@dataclass(frozen=True, slots=True)
class Anomaly:
    """
    The model's percentile as a graded score.

    Returns:
        Signal from the 99th percentile (score from 0.5 to 0.8); Clear below; Abstained without a model, or
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
        rarity = self.model.score(seen)
        if rarity is None:
            return Abstained(self.name, "the segment is too small to compare with")
        if rarity.percentile < RARE.value:
            return Clear(self.name, NEAREST.value * rarity.percentile)
        beyond = (rarity.percentile - RARE.value) / (1.0 - RARE.value)
        weight = FOUND.value + (RAREST.value - FOUND.value) * beyond
        message = (
            f"more unusual than {rarity.percentile:.1%} of the segment (limit {RARE.value:.1%}): "
            + "; ".join(rarity.features)
        )
        numbers: dict[str, int | float | str] = {
            "percentile": round(100 * rarity.percentile, 1),
            "limit": 100 * RARE.value,
            "features": "; ".join(rarity.features),
        }
        return Signal(self.name, weight, [Reason(CODES[0], weight, message, numbers)])
