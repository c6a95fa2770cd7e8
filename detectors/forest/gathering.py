"""Rows to learn from: a fair sample of every segment, the same however the rows were cut into chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.thresholds import Threshold

Segment = tuple[str, str, str]
"""Programme, event type, tenure band. "" stands for any: ("p", "redeem", "") is every tenure of one type."""
Matrix = NDArray[np.float32]

SAMPLE_ROWS: Final = Threshold(
    100_000,
    "rows",
    "ten rows stand beyond the 1e-4 tail, and 65 segments of 30 features fit in 1 GiB; a forest draws 51,200",
    "benchmarks/forest.py",
)
"""Most rows kept of one segment. What is beyond is counted, and left to chance."""


class _Kept(NamedTuple):
    """The rows with the lowest tickets of one segment: rising tickets, and the rows they belong to."""

    tickets: NDArray[np.float64]
    rows: Matrix


class Gathered:
    """
    A bounded, uniform sample of each segment, taken from a stream of rows.

    Every row draws a ticket from one seeded stream, in the order of arrival, and the lowest tickets of a segment
    stay. So the sample depends on the rows, their order and the seed, not on the chunks they came in, and the
    sample of several segments together is the lowest of their tickets.

    Args:
        width: Features in a row.
        seed: Of the tickets; any int from 0.
        most: Rows kept of one segment.

    Raises:
        ValueError: A chunk is not float32 of that width, holds NaN or infinity, or does not match its segments in length.
    """

    def __init__(self, width: int, seed: int, most: int = int(SAMPLE_ROWS.value)) -> None:
        self.width = width
        self.most = most
        self.seed = seed
        self.totals: dict[Segment, int] = {}
        """Rows met of each segment, kept or not."""
        self._kept: dict[Segment, _Kept] = {}
        self._waiting: dict[Segment, list[_Kept]] = {}
        self._tickets = np.random.default_rng(seed)

    def add(self, segments: Sequence[Segment], vectors: Matrix) -> None:
        """Take in some rows, each with its segment."""
        if vectors.dtype != np.float32 or vectors.shape != (len(segments), self.width):
            raise ValueError(
                f"wanted float32 of shape ({len(segments)}, {self.width}), "
                f"got {vectors.dtype} of shape {vectors.shape}"
            )
        if not np.isfinite(vectors).all():
            raise ValueError("a vector holds NaN or infinity; features say themselves what is missing")
        known: dict[Segment, int] = {}
        codes = np.fromiter(
            (known.setdefault(segment, len(known)) for segment in segments), np.int32, len(segments)
        )
        tickets = self._tickets.random(len(segments))
        for segment, code in known.items():
            mine = np.flatnonzero(codes == code)
            self.totals[segment] = self.totals.get(segment, 0) + len(mine)
            kept = self._kept.get(segment)
            if kept is not None and len(kept.tickets) == self.most:
                mine = mine[tickets[mine] < kept.tickets[-1]]
            if len(mine):
                self._wait(segment, _Kept(tickets[mine], vectors[mine]))

    def sample(self, segments: Sequence[Segment]) -> Matrix:
        """A uniform sample of all rows of these segments together, at most `most`, in the order of tickets."""
        return self._lowest([self._settled(segment) for segment in segments]).rows

    def _wait(self, segment: Segment, some: _Kept) -> None:
        """Put rows aside; sort them in once there are as many as may stay."""
        waiting = self._waiting.setdefault(segment, [])
        waiting.append(some)
        if sum(len(one.tickets) for one in waiting) >= self.most:
            self._settled(segment)

    def _settled(self, segment: Segment) -> _Kept:
        waiting = self._waiting.pop(segment, [])
        kept = self._kept.get(segment)
        if waiting or kept is None:
            kept = self._kept[segment] = self._lowest([*([kept] if kept else []), *waiting])
        return kept

    def _lowest(self, several: Sequence[_Kept]) -> _Kept:
        if not several:
            return _Kept(np.empty(0), np.empty((0, self.width), np.float32))
        tickets = np.concatenate([one.tickets for one in several])
        order = np.argsort(tickets, kind="stable")[: self.most]
        return _Kept(tickets[order], np.concatenate([one.rows for one in several])[order])
