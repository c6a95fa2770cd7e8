"""The programme goes on: what happens next, an event every second or two, each as if it happened now."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from app.demo.analyst import Analyst
from app.demo.caller import Caller, Unwelcome
from app.demo.chance import Chance
from app.demo.history import History, happened_ms
from app.demo.intents import MINUTE_MS
from app.ports.instants import Clock
from app.ports.record import RecordAway

PAUSE_S: Final = 1.0
"""Mean time between two events, while there is somebody who rested (see REST_MS)."""
BETWEEN_INCIDENTS: Final = 60
"""Honest events from one incident to the next: a minute, so that somebody who watches sees one."""
VISIT_MS: Final = 30 * MINUTE_MS
"""Events of a member no further apart are one visit, told without a break."""
REST_MS: Final = 20 * MINUTE_MS
"""A month is told in three hours, and members should hardly look hurried for it: who was here lately lets others in.
Measured over an hour: 1.4 % of honest events not simply allowed; 3.6 % with half the rest."""
PAPERS: Final = frozenset({"receipt_id", "order_id"})
"""Of a purchase: the same month told again is of other purchases, or everybody would hand in every receipt twice."""
FEWEST: Final = 100
"""Events ahead, below which the month is told from its beginning."""

Visit = list[dict[str, Any]]


class Drip:
    """
    Tells the future of a programme, again and again.

    Args:
        chance: Of the pauses.
        sleep: Seconds → nothing, later.
    """

    def __init__(
        self,
        caller: Caller,
        history: History,
        analyst: Analyst,
        chance: Chance,
        clock: Clock,
        sleep: Callable[[float], None],
    ) -> None:
        self._caller, self._history, self._analyst = caller, history, analyst
        self._chance, self._clock, self._sleep = chance, clock, sleep
        self._was_here: dict[str, int] = {}

    def run(self) -> None:
        """
        Until somebody stops it.

        Raises:
            OSError, http.client.HTTPException: The service is gone.
        """
        ahead = [event for event in self._history.future if happened_ms(event) >= self._clock()]
        if len(ahead) < FEWEST:
            ahead = list(self._history.future)
        started_ms = self._clock()
        for month in count():  # ids of its own for each telling: the service knows the earlier ones
            sent: dict[str, str] = {}
            for event in self._in_turn(ahead):
                self._sleep(self._chance.expovariate(1 / PAUSE_S))
                sent[event["event_id"]] = f"{event['event_id']}-{started_ms:x}-{month}"
                self._tell(event, sent)
            ahead = list(self._history.future)

    def _tell(self, event: dict[str, Any], sent: dict[str, str]) -> None:
        now = datetime.fromtimestamp(self._clock() / 1_000, UTC)
        stamped = event | {"event_id": sent[event["event_id"]], "occurred_at": now.isoformat()}
        original = event.get("original_event_id")
        if original is not None:
            stamped["original_event_id"] = sent.get(original, original)
        stamped |= {
            name: f"{event[name]}{sent[event['event_id']].removeprefix(event['event_id'])}"
            for name in PAPERS & event.keys()
        }
        try:
            self._analyst.look(self._caller.decide(stamped), event["event_id"])
            self._analyst.work()
        except (Unwelcome, RecordAway):  # a store that is away for a moment is no reason to end
            return

    def _in_turn(self, ahead: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Honest life visit by visit; every now and then an incident, one of its events after each honest one."""
        truth = self._history.truth
        incidents: dict[str, Visit] = {}
        for event in ahead:
            if event["event_id"] in truth:
                incidents.setdefault(truth[event["event_id"]].incident_id, []).append(event)
        waiting, now = deque(incidents.values()), deque[dict[str, Any]]()
        honest = self._rested(visits([event for event in ahead if event["event_id"] not in truth]))
        for number, event in enumerate(honest, 1):
            yield event
            if not now and waiting and number % BETWEEN_INCIDENTS == 0:
                now.extend(waiting.popleft())
            if now:
                yield now.popleft()

    def _rested(self, pending: list[Visit]) -> Iterator[dict[str, Any]]:
        """The first visit of somebody who was not here lately, and so on; a pause where everybody was."""
        while pending:
            lately = self._clock() - REST_MS
            place = next(
                (i for i, visit in enumerate(pending) if self._was_here.get(_whose(visit), 0) <= lately), None
            )
            if place is None:
                self._sleep(PAUSE_S)
                continue
            visit = pending.pop(place)
            yield from visit
            self._was_here[_whose(visit)] = self._clock()


def visits(events: Sequence[dict[str, Any]]) -> list[Visit]:
    """Events in order of time as visits, in the order in which they begin."""
    found: list[Visit] = []
    open_visits: dict[str, tuple[int, Visit]] = {}
    for event in events:
        at_ms = happened_ms(event)
        last_ms, visit = open_visits.get(event["account_id"], (at_ms - VISIT_MS - 1, []))
        if at_ms - last_ms > VISIT_MS:
            visit = []
            found.append(visit)
        visit.append(event)
        open_visits[event["account_id"]] = (at_ms, visit)
    return found


def _whose(visit: Visit) -> str:
    account: str = visit[0]["account_id"]
    return account
