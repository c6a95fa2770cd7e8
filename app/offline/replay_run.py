"""A whole replay: history through one judge or two, into parts, from wherever an earlier run stopped."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple

import polars as pl

from app.offline.reading_ahead import Progress, ReadingAhead
from app.offline.replay_parts import PART_ROWS, Parts
from app.offline.replay_rows import Rows, known_rows
from app.offline.replaying import Replayer, private_sighter
from app.policy.file import PolicyFile
from app.sighting import Sighted
from detectors.event import Event
from detectors.forest.segmented import SegmentedForest

Events = Iterator[tuple[Event, Sighted]]


class Judge(NamedTuple):
    """What decides: a policy, and a model where there is one."""

    policy: PolicyFile
    model: SegmentedForest | None = None

    @property
    def version(self) -> tuple[str, str]:
        """Of both."""
        return self.policy.version, "none" if self.model is None else self.model.version


class Strayed(Exception):
    """The parts of an earlier run are not of these events."""


def replay(
    history: ReadingAhead, judges: Sequence[Judge], parts: Parts, region: str | None, progress: Progress
) -> None:
    """
    Decide every event by every judge, each on a state of its own; what is decided is in the parts at the end.

    Raises:
        app.offline.row_faults.UnreadableHistory: No row is an event.
        app.offline.reading_ahead.ReaderLost: Start again; it goes on from there.
        Strayed: Start anew.
    """
    sighter = private_sighter(region)
    replayers = [Replayer(judge.policy, sighter, judge.model) for judge in judges]
    with _uncollected():
        events = history.events(progress)
        for frames in parts.read():
            _retake(events, frames, replayers)
        while True:
            frames = _decide(events, replayers)
            if frames[0].is_empty():
                return
            parts.add(frames)


def _retake(events: Events, frames: Sequence[pl.DataFrame], replayers: Sequence[Replayer]) -> None:
    known = zip(*(known_rows(frame) for frame in frames), strict=True)
    for rows, (event, sighted) in zip(known, islice(events, frames[0].height), strict=True):
        for replayer, row in zip(replayers, rows, strict=True):
            if row.event_id != event.event_id:
                raise Strayed("the parts of an earlier run are of other events")
            replayer.retake(event, row.decision, row.links, sighted)


def _decide(events: Events, replayers: Sequence[Replayer]) -> list[pl.DataFrame]:
    gathered = [Rows() for _ in replayers]
    pairs = list(zip(gathered, replayers, strict=True))
    for event, sighted in islice(events, PART_ROWS):
        for rows, replayer in pairs:
            rows.add(event, replayer.take(event, sighted))
    return [rows.take() for rows in gathered]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles: there are none, and it would walk the whole growing state again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
