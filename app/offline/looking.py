"""Chosen events replayed for their vectors: by the code that judges live traffic, on private state, without judging."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from app.offline.columns import AT, events_of
from app.offline.replaying import Replayer
from app.offline.undisturbed import undisturbed
from app.policy.file import PolicyFile
from app.sighting import Sighter
from detectors.event import Event
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
"""Of the hashes by which entities are told apart here. Nobody sees them; that it never changes makes it repeatable."""


class HelperLost(Exception):
    """A helping process is gone. The message says what to look at."""


class Vectors(NamedTuple):
    """
    What was asked for, in the order of history.

    keys:     AT, event_id and program_id of each row.
    segments: whom it is compared with.
    matrix:   its features.
    """

    keys: pl.DataFrame
    segments: list[Segment]
    matrix: Matrix


class _Listener(Replayer):
    """A replayer that also hears of others."""

    def overhear(self, event: Event, role: str) -> None:
        """Count somebody else's event at one entity it shares, and nowhere else."""
        sighting = self._sighter.sight(event).sighting
        shared = tuple(touch for touch in sighting.touches[1:] if touch.role == role)
        self._state.count(sighting._replace(touches=shared))


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
    listener = _Listener(policies, Sighter(KEY, region))
    segments: list[Segment] = []
    packed: list[bytes] = []
    rows = rows.sort(*ORDER, ROLE, nulls_last=False)
    for part in rows.iter_slices(EVENTS_AT_ONCE):
        for event, wanted, role in zip(events_of(part), part[WANTED], part[ROLE], strict=True):
            if wanted:
                seen = listener.look(event)
                packed.append(seen.vector)
                segments.append(seen.segment)
            elif role is None:
                listener.retake(event, "allow", ())
            else:
                listener.overhear(event, role)
        told(part.height)
    keys = rows.filter(pl.col(WANTED)).select(ORDER)
    return Vectors(keys, segments, np.frombuffer(b"".join(packed), "<f4").reshape(-1, len(NAMES)))


def look_side_by_side(
    shards: Sequence[pl.DataFrame], policies: PolicyFile, region: str | None, told: Callable[[int], None]
) -> Vectors:
    """
    The same for several shards, each in a process of its own where there are processors for them; else see `look`.

    Processes are started afresh: a script that calls this needs `if __name__ == "__main__"`.

    Raises:
        HelperLost: One of them was killed, or ran out of memory.
    """
    if len(shards) == 1 or (os.cpu_count() or 1) == 1:
        return _merged([look(shard, policies, region, told) for shard in shards])
    fresh = multiprocessing.get_context("spawn")
    helpers = []
    found: dict[int, Vectors] = {}
    try:
        waiting: dict[Connection, int] = {}
        for number, shard in enumerate(shards):
            ours, theirs = fresh.Pipe(duplex=False)
            helper = fresh.Process(target=_help, args=(shard, policies, region, theirs), daemon=True)
            with undisturbed():
                helper.start()
                helpers.append(helper)
            theirs.close()
            waiting[ours] = number
        while waiting:
            ready = multiprocessing.connection.wait(list(waiting))
            for helper_end in [one for one in waiting if one in ready]:
                said = _heard(helper_end)
                if isinstance(said, int):
                    told(said)
                else:
                    found[waiting.pop(helper_end)] = said
    finally:
        for helper in helpers:
            helper.terminate()
            helper.join()
    return _merged([found[number] for number in range(len(shards))])


def _help(shard: pl.DataFrame, policies: PolicyFile, region: str | None, parent: Connection) -> None:
    """Of a helper: say how many rows are done, and at the end what was found."""
    try:
        parent.send(look(shard, policies, region, parent.send))
    except BrokenPipeError:
        return  # nobody wants to know any more


def _heard(helper: Connection) -> int | Vectors:
    try:
        said: int | Vectors = helper.recv()
    except EOFError:
        raise HelperLost("a helping process ended before its work; is there memory enough?") from None
    return said


def _merged(parts: Sequence[Vectors]) -> Vectors:
    """Several in the order of history."""
    if len(parts) == 1:
        return parts[0]
    place = "_place"
    keys = pl.concat([one.keys for one in parts]).with_row_index(place).sort(ORDER)
    order = keys[place].to_numpy()
    segments = [segment for one in parts for segment in one.segments]
    matrix = np.concatenate([one.matrix for one in parts])
    return Vectors(keys.drop(place), [segments[i] for i in order.tolist()], matrix[order])
