"""Why a decision came out as it did, ready to be shown: in the words of analysts, beside the peers of the member."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import msgspec
import numpy as np

from app.answers import Applied, Counterfactual, Decision, Explanation
from app.ports.journal import Action
from app.ports.rows import DecisionRow
from detectors.forest.artefact import Artefact
from detectors.forest.features import FEATURES, NAMES, SETTLED_DAYS, values
from detectors.forest.gathering import Segment
from detectors.forest.segmented import SegmentedForest
from detectors.meanings import meaning
from detectors.typologies import POINTS_TO

PEERS_SHOWN: Final = 8
"""Features: those that moved the score most. More are a table, not a picture."""
_AGE: Final = NAMES.index("age")
_decode: Final = msgspec.json.Decoder(Decision).decode


class Ground(NamedTuple):
    """
    One reason.

    applied:    with the value that decided and the limit it was held against.
    meaning:    of the code, in analysts' words.
    typologies: kinds of fraud it points to, the likeliest first.
    """

    applied: Applied
    meaning: str
    typologies: tuple[str, ...]


class Peer(NamedTuple):
    """
    A feature of the event beside the segment's usual.

    value, usual: in words, with the unit: "92 %", "8 %".
    percentile:   share of the segment at or below it, 0 to 1, between the model's deciles, so to about 0.05.
    contribution: splits by which it made the event more unusual; negative: more usual.
    """

    name: str
    title: str
    value: str
    usual: str
    percentile: float
    contribution: float


class Peers(NamedTuple):
    """Whom the event was compared with, and how: the strongest features first."""

    segment: Segment
    percentile: float
    features: tuple[Peer, ...]


class Why(NamedTuple):
    """
    Everything the console says of why.

    decided:  as first answered; `row.decision` is how it stands.
    peers:    None where no model of that version is at hand, or none was asked.
    degraded: what could not be asked then.
    """

    row: DecisionRow
    decided: Action
    summary: str
    grounds: tuple[Ground, ...]
    would_change: tuple[Counterfactual, ...]
    peers: Peers | None
    degraded: tuple[str, ...]
    policy_version: str
    model_version: str


class Models(Protocol):
    """Where models are kept: `app.model_shelf.Shelf`."""

    def load(self, version: str) -> Artefact:
        """A model, verified. Raises ModelRefused."""
        ...


def why(row: DecisionRow, told: Explanation, vector: bytes | None, forest: SegmentedForest | None) -> Why:
    """
    Put it together. Pure.

    Args:
        row: The decision.
        told: `app.explaining.Explainer.explain` for analysts.
        vector: As it was scored; None where none was.
        forest: The model of `row.model_version`; None where it is gone.
    """
    answer = _decode(row.answer)
    return Why(
        row=row,
        decided=answer.decision,
        summary=told.summary,
        grounds=tuple(
            Ground(one, meaning(one.code), tuple(POINTS_TO.get(one.code, ()))) for one in told.applied
        ),
        would_change=told.would_change,
        peers=None if vector is None or forest is None else peers(row, vector, forest),
        degraded=answer.degraded,
        policy_version=row.policy_version,
        model_version=row.model_version,
    )


def peers(row: DecisionRow, vector: bytes, forest: SegmentedForest) -> Peers | None:
    """The event beside its segment; None where the model has other features, or does not cover it."""
    if forest.card.features != NAMES or len(vector) != 4 * len(NAMES):
        return None
    numbers = np.frombuffer(vector, np.float32)
    tenure = "settled" if values(vector)[_AGE] >= float(np.log1p(SETTLED_DAYS)) else "new"
    placed = forest.place((row.program_id, row.type, tenure), numbers)
    usual = forest.peers((row.program_id, row.type, tenure))
    if placed is None or usual is None:
        return None
    gained = placed.contributions()
    order: Sequence[int] = np.argsort(-np.abs(gained), kind="stable")[:PEERS_SHOWN].tolist()
    shown = tuple(
        Peer(
            FEATURES[i].name,
            FEATURES[i].title,
            FEATURES[i].say(float(numbers[i])),
            FEATURES[i].say(float(usual.median[i])),
            usual.percentile(i, float(numbers[i])),
            float(gained[i]),
        )
        for i in order
    )
    return Peers(placed.segment, placed.percentile, shown)
