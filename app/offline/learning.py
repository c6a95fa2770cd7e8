"""Vectors into a model: nine of ten are learned from, and the model is then held against the tenth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from app.offline.columns import AT
from app.offline.looking import Vectors
from detectors.forest.artefact import Artefact, seal
from detectors.forest.card import Usual, Window
from detectors.forest.features import NAMES, VERSION
from detectors.forest.fit import DUTY, ForestSettings, fit_gathered
from detectors.forest.gathering import Gathered
from detectors.forest.segmented import SegmentedForest

HELD_OUT: Final = 10
"""One row of so many is kept out of the model, to hold it against: 1,000 of them tell 1 % to within 0.3 %."""
HELD_ROWS: Final = 20_000
"""Most rows of one segment that a model is held against: 1 % of them is told to within 0.1 %."""
TAIL: Final = 0.99
"""The percentile above which about 1 % of the rows kept apart must stand too, or the model knows its own rows only."""
Notes = Mapping[str, int | float | str]


class Held(NamedTuple):
    """
    The model held against rows it was not made from.

    rows:   so many of them, in all segments.
    placed: share of them that some segment covers.
    above:  share of those placed that stand above the 99th percentile; 0.01 is right.
    """

    rows: int
    placed: float
    above: float


class Learner:
    """
    Takes vectors in, gives a model.

    Args:
        seed: Of the sample and the trees.
        settings: Trees, rows per tree, rows per segment.
    """

    def __init__(self, seed: int, settings: ForestSettings = DUTY) -> None:
        self._settings = settings
        self._learned = Gathered(len(NAMES), seed)
        self._held = Gathered(len(NAMES), seed, HELD_ROWS)
        self._window: tuple[int, ...] = ()
        self.rows = 0

    def take(self, vectors: Vectors) -> None:
        """More rows, in the order of history."""
        if not vectors.segments:
            return
        held = np.fromiter(map(_is_held_out, vectors.keys["event_id"]), np.bool_, vectors.keys.height)
        for gathered, mine in ((self._held, held), (self._learned, ~held)):
            gathered.add([vectors.segments[i] for i in np.flatnonzero(mine)], vectors.matrix[mine])
        instants = vectors.keys[AT].dt.epoch("ms").to_list()
        self._window = (
            min(instants[0], *self._window, instants[-1]),
            max(instants[-1], *self._window, instants[0]),
        )
        self.rows += len(vectors.segments)

    def model(self, notes: Notes, usual: Sequence[Usual] = ()) -> Artefact:
        """
        The model, its card saying how it did on the rows held out.

        Raises:
            detectors.forest.fit.NothingLearned: Too few rows for a single segment.
        """
        window = Window(self._window[0], self._window[1]) if self._window else None
        made = fit_gathered(
            self._learned,
            NAMES,
            VERSION,
            window=window,
            notes=notes,
            usual=usual,
            settings=self._settings,
        )
        held = self._hold(SegmentedForest(made))
        checks = {
            **made.card.checks,
            "held_out_rows": float(held.rows),
            "held_out_covered": held.placed,
            "held_out_above_99th_percentile": held.above,
        }
        return seal(structs.replace(made.card, checks=checks), made.arrays)

    def _hold(self, model: SegmentedForest) -> Held:
        """Each segment counts by the rows it had, however few of them were kept."""
        rows = placed = above = 0.0
        for segment, total in sorted(self._held.totals.items()):
            matrix = self._held.sample([segment])
            percentile: NDArray[np.float64] = model.place_many([segment] * len(matrix), matrix).percentile
            known = ~np.isnan(percentile)
            rows += total
            placed += total * float(known.mean())
            above += total * float((percentile[known] > TAIL).sum() / len(matrix))
        return Held(int(rows), placed / rows if rows else 0.0, above / placed if placed else 0.0)


def _is_held_out(event_id: str) -> bool:
    """By the event's id alone: so the same rows, however they come."""
    return blake2b(event_id.encode(), digest_size=8).digest()[0] % HELD_OUT == 0
