"""The whole model at work: an event's segment finds its forest, the forest its place among its like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.forest.artefact import Artefact
from detectors.forest.card import Card
from detectors.forest.explain import Attribution, contributions, strongest
from detectors.forest.gathering import Matrix, Segment
from detectors.forest.model import Floats, Row, Trees
from detectors.forest.percentiles import Percentiles
from detectors.snapshot import Segment as Usual

SHOWN = 3
"""Features named with an event: an analyst reads a line, not a table."""


class Forest(NamedTuple):
    """The forest of one segment, ready to judge. usual and spread: see `artefact.shapes`."""

    segment: Segment
    trees: Trees
    percentiles: Percentiles
    usual: Row
    spread: Row


@dataclass(frozen=True, slots=True)
class Placed:
    """
    Where one event stands.

    percentile: share of the segment's events that are less unusual, inside (0, 1).
    score:      the forest's own, in (0, 1]; comparable within one forest only.
    segment:    of the forest that judged; "" where segments were merged.
    """

    percentile: float
    score: float
    segment: Segment
    _forest: Forest = field(repr=False)
    _row: Row = field(repr=False)

    def attributions(self, most: int = SHOWN) -> list[Attribution]:
        """What made it unusual, strongest first; computed when asked for."""
        return strongest(contributions(self._forest.trees, self._row), self._row, self._forest.usual, most)

    def contributions(self) -> Floats:
        """Every feature's part, in splits (see `explain.contributions`)."""
        return contributions(self._forest.trees, self._row)


class Peers(NamedTuple):
    """What is usual in a segment: the median of each feature, and its nine inner deciles, (d, 9)."""

    median: Row
    deciles: Floats

    def percentile(self, feature: int, value: float) -> float:
        """Share of the segment below the value, 0 to 1, half of its equals included: to 0.05, by the deciles."""
        inner = self.deciles[feature]
        below, upto = np.searchsorted(inner, value, "left"), np.searchsorted(inner, value, "right")
        return float((below + upto + 1) / (2 * (len(inner) + 1)))


class PlacedMany(NamedTuple):
    """
    Where many events stand, in the order given.

    percentile, score: NaN where no segment covers the event.
    forest:            index of the card's segment that judged, -1 where none.
    """

    percentile: Floats
    score: Floats
    forest: NDArray[np.int32]


class SegmentedForest:
    """
    A loaded model. Immutable, so any number of threads may ask it; the next one simply takes its place.

    Args:
        artefact: As `artefact.read` gave it. The arrays are used where they lie.
    """

    __slots__ = ("_deciles", "_forests", "_routes", "_usual", "card")

    def __init__(self, artefact: Artefact) -> None:
        self.card: Card = artefact.card
        arrays = artefact.arrays
        self._forests = tuple(
            Forest(
                learned.segment,
                Trees.of(self.card.trees, arrays["feature"][i], arrays["threshold"][i], arrays["rows"][i]),
                Percentiles.of(arrays["quantile"][i]),
                arrays["usual"][i],
                arrays["spread"][i],
            )
            for i, learned in enumerate(self.card.segments)
        )
        self._deciles = arrays["drift_edge"]
        self._routes = {
            segment: i for i, learned in enumerate(self.card.segments) for segment in learned.serves
        }

        self._usual = {
            one.program_id: Usual(one.burn_per_earn, one.month_points, one.points_per_minor)
            for one in self.card.usual
        }

    def usual(self, program_id: str) -> Usual | None:
        """What is usual in a programme; None where the model has not learned from it."""
        return self._usual.get(program_id)

    @property
    def version(self) -> str:
        """Which artefact this is."""
        return self.card.version

    @property
    def features_version(self) -> int:
        """Of the vectors it takes."""
        return self.card.features_version

    def place(self, segment: Segment, vector: Row) -> Placed | None:
        """
        Where an event stands; None where no segment, even merged, covers it.

        Args:
            segment: Programme, type, tenure. A tenure never met is judged by its whole type.
            vector: float32, as long as the card's features. Not to be changed while the answer is in use.

        Raises:
            ValueError: The vector has another length.
        """
        if len(vector) != len(self.card.features):
            raise ValueError(f"wanted {len(self.card.features)} features, got {len(vector)}")
        found = self._route(segment)
        if found < 0:
            return None
        forest = self._forests[found]
        score = forest.trees.score(vector)
        return Placed(forest.percentiles.of_score(score), score, forest.segment, forest, vector)

    def peers(self, segment: Segment) -> Peers | None:
        """What is usual where an event of this segment is judged; None where no segment covers it."""
        found = self._route(segment)
        if found < 0:
            return None
        return Peers(self._forests[found].usual, self._deciles[found, : len(self.card.features)])

    def place_many(self, segments: Sequence[Segment], matrix: Matrix) -> PlacedMany:
        """The same for many rows, (n, d) float32, each with its segment; the same bits as one by one."""
        known = {segment: self._route(segment) for segment in set(segments)}
        found = np.fromiter((known[segment] for segment in segments), np.int32, len(segments))
        percentile, score = np.full(len(segments), np.nan), np.full(len(segments), np.nan)
        for index in set(known.values()) - {-1}:
            mine = np.flatnonzero(found == index)
            score[mine] = self._forests[index].trees.scores(matrix[mine])
            percentile[mine] = self._forests[index].percentiles.of_scores(score[mine])
        return PlacedMany(percentile, score, found)

    def _route(self, segment: Segment) -> int:
        found = self._routes.get(segment)
        if found is None:
            found = self._routes.get((segment[0], segment[1], ""), -1)
        return found
