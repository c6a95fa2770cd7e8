"""Events decided by the client, kept in memory until Earnest can be told that they happened."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Final

from earnest_client.answers import Outcome
from earnest_client.events import Prepared, portions

EVENT_BYTES: Final = 65_536
"""The largest event Earnest takes; a larger one would only be refused with all that is told beside it."""


class Backlog:
    """
    Two queues, each of so many events at most; the oldest give way. Threads may share it.

    What was allowed has happened. What was not is told only once `settle` says that it was completed: Earnest takes
    whatever it is told for having happened, and a redemption that was turned away never burned a point.
    """

    def __init__(self, most_kept: int) -> None:
        self._most_kept = most_kept
        self._happened: OrderedDict[str, Prepared] = OrderedDict()
        self._undecided: OrderedDict[str, Prepared] = OrderedDict()
        self._dropped = 0
        self._lock = Lock()

    def __len__(self) -> int:
        """Events that are to be told."""
        return len(self._happened)

    @property
    def dropped(self) -> int:
        """Events that found no room since they were last told of."""
        return self._dropped

    def keep(self, event: Prepared, *, happened: bool) -> None:
        """Remember an event. An event asked for twice is kept once, as first sent."""
        with self._lock:
            if event.event_id in self._happened or event.event_id in self._undecided:
                return
            if len(event.body) > EVENT_BYTES:
                self._dropped += 1
                return
            self._put(self._happened if happened else self._undecided, event)

    def settle(self, event_id: str, outcome: Outcome) -> bool:
        """What became of an event. False where it is not here (any more)."""
        with self._lock:
            if outcome in {"cancelled", "reversed"}:
                found = self._happened.pop(event_id, None) or self._undecided.pop(event_id, None)
                return found is not None
            if outcome == "completed" and event_id in self._undecided:
                self._put(self._happened, self._undecided.pop(event_id))
                return True
            return event_id in self._happened or event_id in self._undecided

    def take(self) -> Sequence[Prepared]:
        """The oldest to be told, as many as fit one call. They are no longer here."""
        with self._lock:
            portion = next(portions(self._happened.values()), [])
            for event in portion:
                del self._happened[event.event_id]
            return portion

    def put_back(self, events: Sequence[Prepared]) -> None:
        """What could not be told is the oldest again."""
        with self._lock:
            for event in reversed(events):
                self._happened[event.event_id] = event
                self._happened.move_to_end(event.event_id, last=False)
            self._make_room(self._happened)

    def forget_dropped(self, told: int) -> None:
        """So many were told of as dropped."""
        with self._lock:
            self._dropped -= told

    def _put(self, queue: OrderedDict[str, Prepared], event: Prepared) -> None:
        queue[event.event_id] = event
        self._make_room(queue)

    def _make_room(self, queue: OrderedDict[str, Prepared]) -> None:
        while len(queue) > self._most_kept:
            queue.popitem(last=False)
            self._dropped += 1
