"""All about one account: who it is (masked), what it did, beside its segment, and everything that hangs on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from app.redeeming.masking import DOTS, masked
from app.reviewing.counting import DAY_MS
from app.users.rights import Scope
from detectors.event import Profile
from detectors.snapshot import Segment

MONTH_MS: Final = 30 * DAY_MS
MONTHS: Final = 12
"""Shown: a year, so that last Christmas is beside this one."""
PROFILES: Final = 50
"""Looked through, newest first: as many changes as a life has."""
FIELDS: Final = Profile.__struct_fields__
DECADE: Final = 3
"""Digits of a year that tell the decade."""
WHOLE: Final = frozenset({"country", "city"})
"""Told to every analyst: they say where a member lives no closer than a town."""


class Stretch(NamedTuple):
    """Points earned and burned in a stretch of time, by its first instant."""

    from_ms: int
    earned: int
    burned: int


class Earning(NamedTuple):
    """
    Points over a year, in stretches of 30 days, beside what is usual in the programme.

    usual_earned: points a usual member earns in 30 days.
    usual_burned: of these, what they spend.
    """

    stretches: tuple[Stretch, ...]
    usual_earned: float
    usual_burned: float


class Members(Protocol):
    """What the record knows of members. Raises RecordAway."""

    def is_shown(self, program_id: str, account_id: str, scope: Scope) -> bool:
        """Whether the account did anything the scope shows."""
        ...

    def profiles(self, program_id: str, account_id: str, limit: int) -> Sequence[Profile]:
        """Profiles the account ever gave, newest first; erased ones are left out."""
        ...

    def stretches(self, program_id: str, account_id: str, from_ms: int, each_ms: int) -> Sequence[Stretch]:
        """Points earned and burned in each stretch since then, oldest first; those without any left out."""
        ...


def latest(profiles: Sequence[Profile]) -> dict[str, str]:
    """Each field as it was last given. Personal: see `app.reviewing.revealing`."""
    found: dict[str, str] = {}
    for profile in profiles:
        for name in FIELDS:
            value = getattr(profile, name)
            if value is not None:
                found.setdefault(name, value)
    return found


def who(members: Members, program_id: str, account_id: str) -> Mapping[str, str]:
    """Who a member says to be, field by field, masked. Synchronous. Raises RecordAway."""
    return {
        name: mask(name, value)
        for name, value in latest(members.profiles(program_id, account_id, PROFILES)).items()
    }


def mask(name: str, value: str) -> str:
    """One field so that who knows it recognises it, and nobody learns it."""
    if name in WHOLE:
        return value
    if name == "email":
        return masked("email", value)
    if name == "phone":
        return masked("sms", value)
    if name == "date_of_birth":
        return f"{value[:DECADE]}{DOTS}"
    return f"{value[:1]}{DOTS}"


def earning(members: Members, usual: Segment, program_id: str, account_id: str, now_ms: int) -> Earning:
    """Points earned and burned over the last year, in stretches of 30 days that end now. Raises RecordAway."""
    from_ms = now_ms - MONTHS * MONTH_MS
    there = {one.from_ms: one for one in members.stretches(program_id, account_id, from_ms, MONTH_MS)}
    starts = [from_ms + n * MONTH_MS for n in range(MONTHS)]
    stretches = tuple(there.get(at, Stretch(at, 0, 0)) for at in starts)
    return Earning(stretches, usual.month_points, usual.month_points * usual.burn_per_earn)
