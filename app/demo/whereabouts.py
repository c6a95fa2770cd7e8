"""Where a member is: at home, at work, abroad or on the way. Nobody is in two places, and nobody outruns a plane."""

from __future__ import annotations

from typing import Final

from app.demo.intents import DAY_MS, HOUR_MS
from app.demo.people import Account
from app.demo.places import Place, kilometres

WEEKEND: Final = frozenset({2, 3})
"""Days since 1970-01-01, a Thursday, modulo seven."""
WORK_HOURS: Final = range(9, 17)
"""Local hours at work; the hour before and the one after belong to the way."""
FLIGHT_KMH: Final = 700
"""From door to door, beside what getting to and from the airport takes."""
AIRPORT_HOURS: Final = 3


def travelling(account: Account, at_ms: int) -> Place | None:
    """Where a traveller is at an instant; None at home."""
    return next((place for since, until, place in account.trips if since <= at_ms < until), None)


def at_work(account: Account, at_ms: int) -> bool:
    """Whether it is working time on a working day."""
    local_ms = at_ms + account.stores[0].utc_hours * HOUR_MS
    return local_ms // DAY_MS % 7 not in WEEKEND and local_ms // HOUR_MS % 24 in WORK_HOURS


def in_transit(account: Account, at_ms: int) -> bool:
    """Whether the member is on the way to or from work or a journey, and so does nothing."""
    for since, until, place in account.trips:
        way_ms = (AIRPORT_HOURS + kilometres(account.place, place) / FLIGHT_KMH) * HOUR_MS
        if since - way_ms <= at_ms < since or until <= at_ms < until + way_ms:
            return True
    if account.work is None:
        return False
    return at_work(account, at_ms - HOUR_MS) != at_work(account, at_ms + HOUR_MS)


def at_home(account: Account, at_ms: int) -> bool:
    """Neither abroad nor on the way."""
    return travelling(account, at_ms) is None and not in_transit(account, at_ms)
