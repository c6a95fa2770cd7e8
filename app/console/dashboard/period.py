"""The days a dashboard is about, as the address says them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final, NamedTuple
from urllib.parse import urlencode

from app.pages import telling

STANDING: Final = (7, 30, 90)
"""Days of the periods that are a click away: a week, a month, the span in which disputes come."""
USUAL: Final = 30
MOST_DAYS: Final = 400
"""Days of a period of one's own: a year and its month before, beside which more says nothing."""
_EPOCH: Final = date(1970, 1, 1).toordinal()


class Period(NamedTuple):
    """
    Days since 1970-01-01 UTC, both included.

    chosen: `7`, `30`, `90` or `custom`.
    fault:  what of the question was left out, in words; "" where all was understood.
    """

    first_day: int
    last_day: int
    chosen: str
    fault: str = ""

    @property
    def first(self) -> str:
        """The first day, as an input has it."""
        return iso(self.first_day)

    @property
    def last(self) -> str:
        """The last day, the same."""
        return iso(self.last_day)

    @property
    def told(self) -> str:
        """`1 May 2026 to 30 May 2026`."""
        return f"{day_told(self.first_day)} to {day_told(self.last_day)}"

    def query(self, program_id: str) -> str:
        """The address's query that asks for the same."""
        given = {"program": program_id, "period": self.chosen}
        if self.chosen == "custom":
            given |= {"from": iso(self.first_day), "to": iso(self.last_day)}
        return urlencode(given)


def read_period(query: Mapping[str, str], today: int) -> Period:
    """What is asked for: `period`, and with `custom` also `from` and `to`, dates. What is not understood is told."""
    asked = query.get("period", str(USUAL))
    if asked == "custom":
        return _custom(query, today)
    if asked not in map(str, STANDING):
        return _usual(today, "There is no such period.")
    return Period(today - int(asked) + 1, today, asked)


def _custom(query: Mapping[str, str], today: int) -> Period:
    first, last = _day(query.get("from", "")), _day(query.get("to", ""))
    if first is None or last is None:
        return _usual(today, "A period needs two dates, like 2026-05-01.")
    last = min(last, today)
    if first > last:
        return _usual(today, "The period begins after its end, or after today.")
    if last - first >= MOST_DAYS:
        return Period(last - MOST_DAYS + 1, last, "custom", f"At most {MOST_DAYS} days are shown at once.")
    return Period(first, last, "custom")


def _usual(today: int, fault: str) -> Period:
    return Period(today - USUAL + 1, today, str(USUAL), f"{fault} These are the last {USUAL} days.")


def _day(text: str) -> int | None:
    try:
        return date.fromisoformat(text).toordinal() - _EPOCH
    except ValueError:
        return None


def iso(day: int) -> str:
    """`2026-05-01`."""
    return date.fromordinal(day + _EPOCH).isoformat()


def day_told(day: int) -> str:
    """`1 May 2026`."""
    at = datetime.combine(date.fromordinal(day + _EPOCH), datetime.min.time(), UTC)
    return f"{at.day} {telling.MONTHS['en'][at.month - 1][:3]} {at.year}"
