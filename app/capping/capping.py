"""Between the verdict and the journal: what would be let through reserves its part, and is judged again without room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from app.capping.asking import Ask, asks
from app.capping.ports import NEVER_MS, Reserves, Room, Wanted
from app.capping.reservations import MARK_BYTES, Reservation, packed
from app.judging import Judged
from app.ports.journal import Origin
from app.redeeming.checked import CHECK_GOOD_FOR_S
from app.sighting import Sighted, Sighter
from detectors.caps import CapBreach
from detectors.event import Event
from detectors.policy import Policy
from detectors.snapshot import Entity
from detectors.verdict import Verdict, weigh

HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
REDEEMED_WITHIN_S: Final = CHECK_GOOD_FOR_S
"""What the check of a one-time link let go is redeemed by then or never: a visit that was given up tells nobody so."""
UNHELD: Final = "caps: not held while the hot store is away; what is let through counts once it is back"


class Case(NamedTuple):
    """An event as judged so far. `account`: its entity, None in the dark."""

    event: Event
    sighted: Sighted
    account: Entity | None
    judged: Judged
    policy: Policy


async def capped(
    cases: Sequence[Case], reserves: Reserves, sighter: Sighter, origin: Origin, now_ms: int
) -> list[Judged]:
    """
    The same events judged with their caps: no question to the store where no cap applies, else one for all of them.

    Raises:
        HotStoreAway: It cannot be known what is left.
    """
    asked = [asked_of(case, sighter) for case in cases]
    if not any(asked):
        return [case.judged for case in cases]
    wanted = [wanted_of(*one) for one in zip(cases, asked, strict=True)]
    asking = [one for one in wanted if one is not None]
    rooms = iter(await reserves.reserve_many(asking, now_ms)) if asking else iter(())
    return [
        judged_with(case, found, None if wants is None else next(rooms), origin, now_ms)
        for case, found, wants in zip(cases, asked, wanted, strict=True)
    ]


def asked_of(case: Case, sighter: Sighter) -> list[Ask]:
    """What the event asks of its programme's caps; nothing, at once, where none is for its type."""
    if not case.policy.caps_by_type[case.event.type]:
        return []
    return asks(case.policy, case.event, case.sighted, case.account, sighter)


def wanted_of(case: Case, asked: Sequence[Ask]) -> Wanted | None:
    """What is to be reserved; None for what asks for nothing or is stopped anyway."""
    if not asked or case.judged.verdict.action == "block":
        return None
    sighting = case.sighted.sighting
    return Wanted(sighting.event_key[:MARK_BYTES], sighting.at_ms, tuple(one.part for one in asked))


def judged_with(
    case: Case, asked: Sequence[Ask], rooms: Sequence[Room] | None, origin: Origin, now_ms: int
) -> Judged:
    """Judged again with what was left of its caps. `rooms` None: nobody was asked."""
    judged = case.judged
    if not asked:
        return judged
    spent = tuple(
        CapBreach(one.cap, room.used, one.part.amount, one.whose)
        for one, room in zip(asked, rooms or (), strict=rooms is not None)
        if not room.fits
    )
    if spent:
        judged = _again(case, spent)
    verdict = judged.verdict
    let_through = origin == "event" or verdict.action != "block"
    fits = [True] * len(asked) if rooms is None else [room.fits for room in rooms]
    reservations = (
        Reservation(
            one.part.key,
            one.part.amount,
            one.part.ttl_ms,
            _until(one, verdict, case.policy, origin, now_ms),
            (_wait_s(one, origin) or 0) * 1_000,
            origin == "event" or (let_through and fit),
        )
        for one, fit in zip(asked, fits, strict=True)
    )
    return judged._replace(verdict=verdict, reserved=packed(reservations))


def in_the_dark(case: Case, sighter: Sighter, origin: Origin, now_ms: int) -> Judged:
    """A decision of the fallback: nothing is held against it, and what it lets through is counted afterwards."""
    asked = asked_of(case, sighter)
    if not asked:
        return case.judged
    verdict = case.judged.verdict
    told = replace(verdict, degraded=(*verdict.degraded, UNHELD))
    return judged_with(case._replace(judged=case.judged._replace(verdict=told)), asked, None, origin, now_ms)


def _again(case: Case, spent: tuple[CapBreach, ...]) -> Judged:
    before = case.judged.verdict
    found = before.found._replace(spent=spent)
    verdict = weigh(case.event.type, found, case.policy, before.degraded)
    phone = case.account.facts.get("phone") if case.account and verdict.enforced == "challenge" else None
    return case.judged._replace(verdict=verdict, phone_since_ms=None if phone is None else phone.since_ms)


def _until(ask: Ask, verdict: Verdict, policy: Policy, origin: Origin, now_ms: int) -> int:
    """Until when a part is reserved: as long as it may still be let through, and then while it may be completed."""
    if origin != "event" and verdict.enforced == "challenge":
        return now_ms + policy.step_up.life_minutes * MINUTE_MS
    if origin != "event" and verdict.enforced == "review":
        return now_ms + policy.hold_hours * HOUR_MS
    wait_s = _wait_s(ask, origin)
    return NEVER_MS if wait_s is None or origin == "event" else now_ms + wait_s * 1_000


def _wait_s(ask: Ask, origin: Origin) -> int | None:
    """How long what was let through may take to be completed; None: for ever."""
    said = ask.cap.complete_within_s
    return said if origin != "redemption" else min(said or REDEEMED_WITHIN_S, REDEEMED_WITHIN_S)
