"""Chosen events replayed for their vectors: by the code that judges live traffic, on private state, without judging."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.offline.columns import AT, events_of
from app.offline.replaying import Replayer
from app.policy.file import PolicyFile
from app.sighting import Sighter
from detectors.forest.features import NAMES
from detectors.forest.gathering import Matrix, Segment

WANTED: Final = "_wanted"
"""True in rows whose vector is asked for; the others are only remembered."""
ROLE: Final = "_role"
"""Null in a member's own rows; else the one entity at which somebody else's event is counted."""
ORDER: Final = (AT, "event_id", "program_id")
EVENTS_AT_ONCE: Final = 8_192
"""Events made at once: a few megabytes."""
KEY: Final = bytes(32)
"""Of the hashes by which entities are told apart here. Nobody sees them; that it never changes makes a training repeatable."""


class Vectors(NamedTuple):
    """What was asked for, in the order of history: instants (ms), ids of the events, segments, rows of features."""

    at_ms: NDArray[np.int64]
    event_ids: list[str]
    segments: list[Segment]
    matrix: Matrix


def look(
    rows: pl.DataFrame, policies: PolicyFile, region: str | None, told: Callable[[int], None]
) -> Vectors:
    """
    The vectors of the rows that are WANTED.

    Args:
        rows: COLUMNS that are filled, with WANTED and ROLE; in any order.
        policies: Say what is usual in a programme.
        region: As for `Sighter`.
        told: Called with the number of rows done since the last time.
    """
    replayer = Replayer(policies, Sighter(KEY, region))
    segments: list[Segment] = []
    packed: list[bytes] = []
    rows = rows.sort(*ORDER, ROLE, nulls_last=False)
    for part in rows.iter_slices(EVENTS_AT_ONCE):
        for event, wanted, role in zip(events_of(part), part[WANTED], part[ROLE], strict=True):
            if wanted:
                seen = replayer.look(event)
                packed.append(seen.vector)
                segments.append(seen.segment)
            elif role is None:
                replayer.retake(event, "allow", ())
            else:
                replayer.overhear(event, role)
        told(part.height)
    kept = rows.filter(pl.col(WANTED))
    return Vectors(
        kept[AT].dt.epoch("ms").to_numpy(),
        kept["event_id"].to_list(),
        segments,
        np.frombuffer(b"".join(packed), "<f4").reshape(-1, len(NAMES)),
    )
