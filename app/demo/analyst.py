"""An analyst who works through what was held, and says of some of it what it turned out to be."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from app.demo.caller import Caller
from app.demo.chance import Chance
from app.demo.intents import Label
from app.demo.office import Office

CLOSED: Final = 0.6
"""Share of what was held that somebody gets round to."""
BACKLOG: Final = 40
"""Events between a decision and the analyst's word: at one a second they seem to have read it."""
ROUND: Final = 30
"""Events between two looks at whether the office keeps up with its cases."""
HELD: Final = frozenset({"review", "block"})


class Analyst:
    """
    Labels what was held, never anything else: nobody looks at what was let through.

    Args:
        truth: event_id → what it really was; what is not in it is legitimate.
        office: where cases are worked meanwhile.
    """

    def __init__(
        self, caller: Caller, truth: Mapping[str, Label], chance: Chance, office: Office | None = None
    ) -> None:
        self._caller, self._truth, self._chance, self._office = caller, truth, chance, office
        self._desk: deque[tuple[int, dict[str, Any], str]] = deque()
        self._now = 0

    def look(self, decision: dict[str, Any], natural_id: str) -> bool:
        """Put a decision on the desk, if it was held. Whether it was."""
        if decision["decision"] not in HELD:
            return False
        self._desk.append((self._now, decision, natural_id))
        return True

    def work(self, *, patience: int = BACKLOG) -> int:
        """One more event has passed: judge what lies there long enough. Returns the labels posted."""
        self._now += 1
        if self._office is not None and self._now % ROUND == 0:
            self._office.keep_up()
        posted = 0
        while self._desk and self._desk[0][0] + patience <= self._now:
            _, decision, natural_id = self._desk.popleft()
            if self._chance.happens(CLOSED):
                self._say(decision["event_id"], self._truth.get(natural_id))
                posted += 1
        return posted

    def _say(self, event_id: str, truth: Label | None) -> None:
        body = {
            "event_id": event_id,
            "label": "legitimate" if truth is None else truth.label,
            "source": "analyst",
        }
        self._caller.tell("/v1/labels", body | ({} if truth is None else {"typology": truth.typology}))
