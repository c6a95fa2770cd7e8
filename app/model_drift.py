"""Whether live events still look like those the model learned from: every sixteenth, counted beside the answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

import numpy as np

from detectors.anomaly import Place
from detectors.forest.artefact import Artefact
from detectors.forest.drift import ENOUGH_ROWS, DriftCount
from detectors.forest.features import NAMES
from detectors.forest.gathering import Segment
from detectors.forest.model import Row
from detectors.forest.segmented import SegmentedForest
from detectors.snapshot import Segment as Usual

EVERY: Final = 16
"""Of so many events one is counted: a sample tells a PSI as well, and leaves the answer its microseconds."""
WAITING: Final = 8_192
"""Samples that wait to be counted, the latest: 15 s of 8,000 events/s, in one megabyte."""
STRETCH_ROWS: Final = 10_000
"""Samples after which counting begins anew, so that last month does not hide this week. Chance alone is 0.001 here."""
SCORE: Final = "score"


class Drifting:
    """A model that also keeps a sample of what it judges (`detectors.anomaly.Model`)."""

    def __init__(self, model: SegmentedForest, artefact: Artefact) -> None:
        self._model, self._artefact = model, artefact
        self._seen = 0
        self._waiting: deque[tuple[Segment, Row]] = deque(maxlen=WAITING)
        self._begin()

    @property
    def version(self) -> str:
        """Which artefact this is."""
        return self._model.version

    def usual(self, program_id: str) -> Usual | None:
        """What is usual in a programme."""
        return self._model.usual(program_id)

    def place(self, segment: Segment, vector: Row) -> Place | None:
        """The event's place in its segment."""
        self._seen += 1
        if not self._seen % EVERY:
            self._waiting.append((segment, vector))
        return self._model.place(segment, vector)

    def settled(self) -> Mapping[str, float]:
        """
        Count what waits. Feature, or "score" → its greatest PSI over the segments that judged enough events to say.

        May run in a thread of its own, one call at a time.
        """
        some = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if some:
            matrix = np.stack([vector for _, vector in some])
            placed = self._model.place_many([segment for segment, _ in some], matrix)
            self._count.add(placed.forest, matrix, placed.score)
            self._rows += len(some)
        told: dict[str, float] = {}
        for found in self._count.found():
            if found.rows >= ENOUGH_ROWS.value:
                for name, index in zip((*NAMES, SCORE), (*found.features, found.score), strict=True):
                    told[name] = max(told.get(name, 0.0), float(index))
        if self._rows >= STRETCH_ROWS:
            self._begin()
        return told

    def _begin(self) -> None:
        arrays = self._artefact.arrays
        self._count, self._rows = DriftCount(arrays["drift_edge"], arrays["drift_share"]), 0
