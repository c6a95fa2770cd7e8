"""Somebody else with the member's password: signs that whoever spends now is not who spent before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from detectors.acquaintance import (
    DAY_MS,
    HOUR_MS,
    NEW_MS,
    address_known_ms,
    contact_changed_ms,
    has_settled,
    is_abroad,
    journey,
    known_ms,
    member_ms,
    nearest_km,
    peers,
    silence_days,
)
from detectors.balance import balance_before, moved
from detectors.base import Abstained, Clear, Judgement, Reason, Signal, noisy_or
from detectors.snapshot import DAY_S, EMPTY, HOUR_S, Snapshot
from detectors.thresholds import Threshold

CODES: Final = (
    "PROBE_THEN_DRAIN",
    "NEW_DEVICE_SPENDS",
    "CONTACT_CHANGED_THEN_SPENT",
    "DORMANT_AWAKE_SPENDS",
    "IMPOSSIBLE_TRAVEL",
    "NEW_COUNTRY_SPENDS",
    "STRANGE_STORE_SPENDS",
    "SPENT_AFTER_FAILED_LOGINS",
    "CREDENTIALS_TRIED",
)
SPENDING: Final = ("redeem", "transfer")
PRESENT: Final = frozenset({"pos", "kiosk"})
"""Channels where somebody stands in a store: what counts is the store and the place, not the device."""

_ADR: Final = "docs/decisions/0006-takeover.md"
FRESH: Final = Threshold(
    NEW_MS / HOUR_MS, "h", "a new device or contact counts as new for three days (typology 1)", "domain"
)
SHARE_FROM: Final = Threshold(
    0.5,
    "share of balance",
    "half the balance at once is where a hijacker's burn begins (typology 5)",
    "domain",
)
DRAIN_FROM: Final = Threshold(
    0.7, "share of balance", "drains take 70 % of the balance or more (typology 1)", "domain"
)
WORTH_FROM: Final = Threshold(
    0.1, "months of points", "a few days' points are not worth a thief's hour", _ADR
)
WORTH: Final = Threshold(0.5, "months of points", "two weeks' points buy the smallest gift card", _ADR)
LIQUID: Final = Threshold(1.0, "ratio", "what turns into money is what thieves take (typology 1)", "domain")
HALF_LIQUID: Final = Threshold(0.9, "ratio", "a voucher can be sold on, at a loss", _ADR)
ILLIQUID: Final = Threshold(0.6, "ratio", "goods and trips are what members save for", _ADR)
LIQUIDITY: Final = {"high": LIQUID, "medium": HALF_LIQUID, "low": ILLIQUID, None: LIQUID}
PROBE_MOST: Final = Threshold(
    0.1,
    "share of balance",
    "a test takes a few points: 2 % in the field, a tenth of a small balance",
    "domain",
)
PROBE_MOST_STRANGE: Final = Threshold(
    0.3, "share of balance", "on a device that is new, taking a third first is a test as well", _ADR
)
PROBE_WITHIN: Final = Threshold(
    60, "min", "the drain follows the test within the hour (typology 2)", "domain"
)
PROBED: Final = Threshold(
    0.7, "weight", "test and drain is the signature of a takeover: it asks, whatever else is known", _ADR
)
PROBE_STAKE: Final = Threshold(
    0.8, "ratio", "the pattern tells even where little is at stake: thieves learn on small accounts", _ADR
)
PROBED_AT_HOME: Final = Threshold(
    0.35, "weight", "on a device of 30 days it may be a small test of one's own: alone it asks nobody", _ADR
)
NEW_DEVICE: Final = Threshold(
    0.6, "weight", "drained from a device never seen before, from elsewhere: ask (typology 1)", "domain"
)
NEW_PHONE: Final = Threshold(
    0.3, "weight", "a new device on the member's own network is a new phone, most likely", _ADR
)
CONTACT_STAKE: Final = Threshold(
    0.6, "ratio", "a changed contact takes nothing yet, but it is how an account is kept: two signs ask", _ADR
)
CONTACT: Final = Threshold(
    0.55, "weight", "drained within three days of a changed contact: ask (typologies 1 and 25)", "domain"
)
AWAKE: Final = Threshold(
    0.6, "weight", "half a year silent, awake and emptied within three days: ask (typology 5)", "domain"
)
SILENT: Final = Threshold(180, "d", "half a year without a sign is dormant (typology 5)", "domain")
FASTEST: Final = Threshold(900, "km/h", "no airliner is faster (typology 3)", "domain")
TOO_NEAR: Final = Threshold(
    200,
    "km",
    "a place is a cell of 55 km: below four of them the distance says little",
    "detectors/places.py",
)
TRAVELLED: Final = Threshold(
    0.6, "weight", "a card in two places at once is copied, or a clock is wrong: ask", _ADR
)
ABROAD: Final = Threshold(
    0.4, "weight", "a country never seen before is a holiday, unless something else is odd", _ADR
)
STRANGE_STORE: Final = Threshold(
    0.5, "weight", "the balance spent in a store never visited, far from home: ask (typology 3)", "domain"
)
FAR_STORE: Final = Threshold(
    100, "km", "further than people go to shop (typology 3), and more than a place is wide", "domain"
)
NEW_STORE: Final = Threshold(
    0.4,
    "weight",
    "a store that is new to the member is a new store in town, unless all the points go there",
    _ADR,
)
FAILED_FROM: Final = Threshold(
    3, "events", "two wrong passwords are typing; the third is worth a thought", _ADR
)
FAILED_MOST: Final = Threshold(
    0.75, "weight", "guessed, got in, and spent: the more wrong passwords the surer, never certain", _ADR
)
TRIED_FROM: Final = Threshold(
    5, "accounts", "half the ten accounts an address at which stuffing is certain (typology 4)", "domain"
)
TRIED: Final = Threshold(
    0.6, "weight", "whoever gets in where passwords of many accounts were just tried was tried too", _ADR
)
TRUSTED: Final = Threshold(30, "d", "a device of a month lowers a suspicion, it never clears it", "domain")
TRUST: Final = Threshold(0.5, "ratio", "by half, as a known device does in the field", _ADR)
NEAREST: Final = Threshold(0.4, "score", "what was nearly found ranks below every finding", _ADR)
FAINTEST: Final = Threshold(0.1, "weight", "below it a finding is not worth an analyst's minute", _ADR)

Finding = Reason | None


@dataclass(frozen=True, slots=True)
class Takeover:
    """
    Circumstances under which a member's points go: who is new here, and how much is at stake.

    A sign alone is a new phone, a holiday, a forgotten password. It becomes a finding by the share of the balance
    that leaves with it (`_stake`), and findings add up by noisy-OR.

    Returns:
        Signal with one reason per finding; Clear with the stake of an unsuspicious one (score up to 0.4);
        Abstained for events that neither spend nor log in.

    Source: docs/decisions/0006-takeover.md.
    """

    @property
    def name(self) -> str:
        """As the contract lists it."""
        return "takeover"

    def judge(self, seen: Snapshot) -> Judgement:
        """Judge redemptions, transfers and changes of contact, and logins where passwords are being tried."""
        kind = seen.event.type
        if kind in SPENDING:
            stake = _stake(seen)
            findings = [look(seen, stake) for look in LOOKS] if stake > 0 else []
            findings += [_travel(seen), _tried(seen)]
        elif kind == "profile_change":
            stake = CONTACT_STAKE.value
            findings = [look(seen, stake) for look in (_device, _awake, _abroad, _failed)]
        elif kind in {"login", "earn"}:
            stake, findings = 0.0, [_travel(seen), _tried(seen)]
        else:
            return Abstained(self.name, f"{kind} takes nothing over")
        found = [one for one in findings if one is not None and one.weight >= FAINTEST.value]
        if found:
            return Signal(self.name, noisy_or([reason.weight for reason in found]), found)
        return Clear(self.name, NEAREST.value * stake)


def _stake(seen: Snapshot) -> float:
    """
    How much of a drain this is, in [0, 1]: nothing below half the balance or the least that is worth it, all of it
    from 70 % of the balance on. What was tried within the last hour counts as one with it. A balance that is not
    known counts by the points alone, half.
    """
    earlier = moved(seen, ("redeem",), HOUR_S) - (
        seen.event.points or 0 if seen.event.type == "redeem" else 0
    )
    points = (seen.event.points or 0) + max(0, earlier)
    month = seen.segment.month_points
    size = (points / month - WORTH_FROM.value) / (WORTH.value - WORTH_FROM.value)
    size = min(1.0, max(0.0, size)) * LIQUIDITY[seen.event.reward_liquidity].value
    balance = balance_before(seen)
    if balance is None or balance <= 0:
        return 0.5 * size
    return size * _emptied(points, balance + max(0, earlier))


def _emptied(points: int, balance: int) -> float:
    share = (points / balance - SHARE_FROM.value) / (DRAIN_FROM.value - SHARE_FROM.value)
    return min(1.0, max(0.0, share))


def _deed(seen: Snapshot) -> str:
    if seen.event.type == "profile_change":
        return "contact changed"
    points, balance = seen.event.points or 0, balance_before(seen)
    if balance is None or balance <= 0:
        return f"{points} points"
    return f"{points} of {balance} points ({points / balance:.0%})"


def _is_fresh(age_ms: int | None) -> bool:
    return age_ms is not None and age_ms < FRESH.value * HOUR_MS


def _is_trusted(seen: Snapshot) -> bool:
    return (known_ms(seen, "device") or 0) >= TRUSTED.value * DAY_MS


def _is_newcomer(seen: Snapshot) -> bool:
    """To whom everything is new: nothing can be strange yet."""
    return member_ms(seen) < FRESH.value * HOUR_MS


def _doubt(seen: Snapshot) -> float:
    return TRUST.value if _is_trusted(seen) else 1.0


def _probe(seen: Snapshot, stake: float) -> Finding:
    within_ms = int(PROBE_WITHIN.value) * 60_000
    balance = balance_before(seen)
    if balance is None or balance <= 0:
        return None
    is_strange = _is_fresh(known_ms(seen, "device")) and has_settled(seen, "device")
    most_share = (PROBE_MOST_STRANGE if is_strange else PROBE_MOST).value
    tried = seen.account.series.get("redeem", EMPTY)
    small = [
        points
        for instant, points in zip(tried.instants_ms, tried.points, strict=False)
        if seen.as_of_ms - within_ms < instant < seen.as_of_ms
        and 0 < points <= most_share * (balance + points)
    ]
    if not small:
        return None
    most = PROBED_AT_HOME if _is_trusted(seen) else PROBED
    emptied = _emptied(seen.event.points or 0, balance)
    message = (
        f"{len(small)} redemption(s) of {max(small)} points or less (limit 0), then {_deed(seen)} within "
        f"{PROBE_WITHIN.value:.0f} min"
    )
    return Reason(
        "PROBE_THEN_DRAIN",
        most.value * max(stake, PROBE_STAKE.value * emptied),
        message,
        {"probes": len(small), "probe_points": max(small), "points": seen.event.points or 0,
         "balance_points": balance, "limit": 0, "window_s": HOUR_S},
    )  # fmt: skip


def _device(seen: Snapshot, stake: float) -> Finding:
    age = known_ms(seen, "device")
    if not _is_fresh(age) or seen.event.channel in PRESENT or "device" in seen.contexts:
        return None
    if seen.link is not None or _is_newcomer(seen) or not has_settled(seen, "device"):
        return (
            None  # a mail opens in a window with cookies of its own: it says nothing of the member's devices
        )
    at_home = _is_at_home(seen)
    most = NEW_PHONE if at_home else NEW_DEVICE
    hours = (age or 0) / HOUR_MS
    where = "where the member is at home" if at_home else "from where the member was never seen"
    return Reason(
        "NEW_DEVICE_SPENDS",
        most.value * stake,
        f"{_deed(seen)} with a device first seen {hours:.1f} h ago, {where} (new: {FRESH.value:.0f} h)",
        {"device_hours": round(hours, 1), "limit": FRESH.value, "points": seen.event.points or 0},
    )


def _is_at_home(seen: Snapshot) -> bool:
    """On a network address the member has long used, or near a place where it was long seen."""
    km = nearest_km(seen)
    if km is not None:
        return km < TOO_NEAR.value / 2
    return (address_known_ms(seen) or 0) >= NEW_MS


def _contact(seen: Snapshot, stake: float) -> Finding:
    changed = contact_changed_ms(seen)
    if changed is None or not _is_fresh(changed) or _is_newcomer(seen):
        return None
    hours = changed / HOUR_MS
    return Reason(
        "CONTACT_CHANGED_THEN_SPENT",
        CONTACT.value * stake * _doubt(seen),
        f"{_deed(seen)}, {hours:.1f} h after a contact was changed (limit {FRESH.value:.0f} h)",
        {"changed_hours": round(hours, 1), "limit": FRESH.value, "points": seen.event.points or 0},
    )


def _awake(seen: Snapshot, stake: float) -> Finding:
    days = silence_days(seen, int(FRESH.value) * HOUR_MS)
    if days < SILENT.value or (seen.event.campaign_id is not None and _is_trusted(seen)):
        return None
    return Reason(
        "DORMANT_AWAKE_SPENDS",
        AWAKE.value * stake * _doubt(seen),
        f"{_deed(seen)} after {days:.0f} d without a sign (limit {SILENT.value:.0f} d)",
        {"silent_days": round(days), "limit": SILENT.value, "points": seen.event.points or 0},
    )


def _abroad(seen: Snapshot, stake: float) -> Finding:
    if not is_abroad(seen):
        return None
    return Reason(
        "NEW_COUNTRY_SPENDS",
        ABROAD.value * stake * _doubt(seen),
        f"{_deed(seen)} from a country the member was never seen in (limit 0)",
        {"new_country": 1, "limit": 0, "points": seen.event.points or 0},
    )


def _store(seen: Snapshot, stake: float) -> Finding:
    """A card in a store it never was in, by one who has stores of one's own; far from home it is odder."""
    if seen.event.channel not in PRESENT or not _is_fresh(known_ms(seen, "store")) or _is_newcomer(seen):
        return None
    if not has_settled(seen, "store"):
        return None
    km = nearest_km(seen)
    is_far = km is not None and km >= FAR_STORE.value
    most = STRANGE_STORE if is_far else NEW_STORE
    where = f", {km:.0f} km from any place known (limit {FAR_STORE.value:.0f} km)" if is_far and km else ""
    hours = (known_ms(seen, "store") or 0) / HOUR_MS
    return Reason(
        "STRANGE_STORE_SPENDS",
        most.value * stake,
        f"{_deed(seen)} in a store first visited {hours:.1f} h ago{where} (new: {FRESH.value:.0f} h)",
        {"store_hours": round(hours, 1), "limit": FRESH.value, "distance_km": round(km or 0),
         "points": seen.event.points or 0},
    )  # fmt: skip


def _failed(seen: Snapshot, stake: float) -> Finding:
    failed = seen.count("account", "login_failed", DAY_S)
    if failed < FAILED_FROM.value:
        return None
    weight = FAILED_MOST.value * (1.0 - (FAILED_FROM.value - 1.0) / failed)
    return Reason(
        "SPENT_AFTER_FAILED_LOGINS",
        weight * stake * _doubt(seen),
        f"{_deed(seen)} after {failed} failed logins in 24 h (limit {FAILED_FROM.value - 1:.0f})",
        {"failed": failed, "limit": FAILED_FROM.value - 1, "window_s": DAY_S},
    )


def _travel(seen: Snapshot) -> Finding:
    way = journey(seen)
    if way is None or way.km < TOO_NEAR.value:
        return None
    speed = (way.km - TOO_NEAR.value / 2) / max(way.hours, 1 / 60)
    if speed <= FASTEST.value:
        return None
    return Reason(
        "IMPOSSIBLE_TRAVEL",
        TRAVELLED.value,
        f"{way.km:.0f} km from where the member was {way.hours:.1f} h before: {speed:.0f} km/h "
        f"(limit {FASTEST.value:.0f})",
        {"distance_km": round(way.km), "hours": round(way.hours, 2), "speed_kmh": round(speed),
         "limit": FASTEST.value},
    )  # fmt: skip


def _tried(seen: Snapshot) -> Finding:
    """Whoever comes from where the passwords of many accounts were just tried, and is not known there."""
    best: Finding = None
    for role in ("device", "ip"):
        entity = seen.entity(role)
        if entity is None or role in seen.contexts:
            continue
        failed = seen.count(role, "login_failed", HOUR_S)
        if failed < TRIED_FROM.value:
            continue
        tried = min(failed, seen.distinct(role, "account", HOUR_S))
        own = next((peer for peer in peers(entity, "account") if peer.key == seen.self_key), None)
        known = own is not None and seen.as_of_ms - own.first_seen_ms >= FRESH.value * HOUR_MS
        if tried < TRIED_FROM.value or known:
            continue
        weight = 1.0 - (1.0 - TRIED.value) * TRIED_FROM.value / tried
        place = "device" if role == "device" else "network address"
        reason = Reason(
            "CREDENTIALS_TRIED",
            weight,
            f"passwords of {tried} accounts failed on this {place} within 60 min, and the member is new there "
            f"(limit {TRIED_FROM.value - 1:.0f})",
            {"accounts": tried, "failed": failed, "limit": TRIED_FROM.value - 1, "window_s": HOUR_S},
        )
        if best is None or reason.weight > best.weight:
            best = reason
    return best


Look = Callable[[Snapshot, float], Finding]
LOOKS: Final[Sequence[Look]] = (_probe, _device, _contact, _awake, _abroad, _store, _failed)
"""Signs that count by what is at stake."""
