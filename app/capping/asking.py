"""What an event asks of which caps: whose they are, and which day it falls in. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from app.capping.ports import Part
from app.sighting import Sighted, Sighter
from detectors.caps import Cap
from detectors.event import Event
from detectors.policy import Policy
from detectors.snapshot import Entity

DAY_MS: Final = 86_400_000
DAY_TTL_MS: Final = 32 * DAY_MS
"""A day's reservations are kept as long as its events may come late or be taken back: as series are, 31 days and one."""
EVER_TTL_MS: Final = 400 * DAY_MS
"""For ever is as long as accounts are remembered after their last event: 13 months."""
HOUSEHOLD: Final = "household"
MEMBER: Final = "member: the household is not known"


class Ask(NamedTuple):
    """A cap, what is asked of it, and whose it is where that is not what `per` says."""

    cap: Cap
    part: Part
    whose: str


def asks(
    policy: Policy, event: Event, sighted: Sighted, account: Entity | None, sighter: Sighter
) -> list[Ask]:
    """Everything the event asks of the programme's caps. `account`: its entity, where it could be read."""
    found = []
    for cap in policy.caps_by_type.get(event.type, ()):
        amount = cap.takes(event)
        subject = _subject(cap, event, sighted, account) if amount else None
        if subject is None:
            continue
        window = cap.window
        period = _day(sighted.sighting.at_ms, policy.timezone) if window == "day" else -1
        rolling_ms = window * 1_000 if isinstance(window, int) else 0
        part = Part(
            sighter.cap_key(event.program_id, cap.code, *subject, period),
            amount,
            cap.max,
            rolling_ms,
            EVER_TTL_MS if window == "ever" else DAY_TTL_MS + rolling_ms,
            cap.action == "block",
        )
        found.append(Ask(cap, part, MEMBER if cap.per == HOUSEHOLD and subject[0] == "member" else ""))
    return found


def _subject(
    cap: Cap, event: Event, sighted: Sighted, account: Entity | None
) -> tuple[str, str | bytes] | None:
    """Whose part it is; None where the event names nothing the cap is held against."""
    touches = sighted.sighting.touches
    member = ("member", touches[0].key)
    match cap.per:
        case "member":
            return member
        case "household":
            fact = None if account is None else account.facts.get("address")
            return member if fact is None else (HOUSEHOLD, fact.value)
        case "device":
            return next(((touch.role, touch.key) for touch in touches if touch.role == "device"), None)
        case "reward":
            named = event.reward_id
        case "campaign":
            named = event.campaign_id
        case "partner":
            named = event.partner_id
        case "program":
            named = event.program_id
    return None if named is None else (cap.per, named)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _day(at_ms: int, timezone: str) -> int:
    """The calendar day there, as a number. An hour that a clock is put forward or back makes it shorter or longer."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    return at.astimezone(_zone(timezone)).toordinal()
