"""A programme that has been running for a while: what happened before this instant, and what will happen after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, Self

import msgspec

from app.demo.caller import NDJSON, Caller
from app.demo.intents import DAY_MS, Label
from app.demo.programme import Wave, generate
from detectors.event import Event, instant_ms

SEED: Final = 7
MEMBERS: Final = 600
DAYS: Final = 45
"""7,300 events: three seconds on two cores, enough for a model, and members enough for one to act each second."""
DAYS_AHEAD: Final = 30
"""Some 4,700 events still to come: an hour or two at one a second."""
BAD_DAYS: Final = 6
"""So long ago a wave began, one more incident of each typology: what is older than a week opens no case, and an office
with nothing on its desk shows nothing."""
ASKED_DAYS: Final = 30
"""So long the programme has asked before it acted; what is older it handed in when it began."""
BATCH: Final = 500
"""Events in one request: a third of a second, so that the bar moves."""

Told = Callable[[int], None]
"""Called with the events loaded since the last time."""


class History(NamedTuple):
    """
    A programme around one instant.

    past, future: events in order of time.
    truth: event_id → what it really was, for events of incidents.
    """

    past: Sequence[dict[str, Any]]
    future: Sequence[dict[str, Any]]
    truth: Mapping[str, Label]

    @classmethod
    def around(
        cls, now_ms: int, *, members: int = MEMBERS, days: int = DAYS, days_ahead: int = DAYS_AHEAD
    ) -> Self:
        """The programme that stands at this instant; the same instant, the same programme, byte for byte."""
        end_ms = now_ms + days_ahead * DAY_MS
        wave = Wave(now_ms - BAD_DAYS * DAY_MS, now_ms - DAY_MS)
        made = generate(seed=SEED, members=members, days=days + days_ahead, end_ms=end_ms, wave=wave)
        over = sum(happened_ms(event) < now_ms for event in made.events)
        return cls(made.events[:over], made.events[over:], {label.event_id: label for label in made.labels})


def happened_ms(event: dict[str, Any]) -> int:
    """When it happened, in milliseconds since 1970-01-01 UTC."""
    return instant_ms(msgspec.convert(event, Event))


def load(caller: Caller, events: Sequence[dict[str, Any]], now_ms: int, told: Told) -> None:
    """
    Tell the service what happened: first what it was handed in, as a back office does, then what it was asked about.

    What it knows already it counts once, so to call it again goes on where it stopped. Raises as `Caller.ask`.
    """
    asked_ms, encode = now_ms - ASKED_DAYS * DAY_MS, msgspec.json.Encoder()
    before = sum(happened_ms(event) < asked_ms for event in events)
    for batch in _batches(events[:before]):
        caller.ask("POST", "/v1/events", encode.encode_lines(batch), NDJSON)
        told(len(batch))
    for batch in _batches(events[before:]):
        caller.ask("POST", "/v1/decisions/batch", encode.encode(batch))
        told(len(batch))


def _batches(events: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rest = iter(events)
    while batch := list(islice(rest, BATCH)):
        yield batch
