"""How well a member knows what it meets: the device, the store, the place, the network address of an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from detectors.limits import PEERS_KEPT
from detectors.places import Place, distance_km, place_of
from detectors.snapshot import DAY_S, EMPTY, HOUR_S, Entity, Peer, Snapshot

ASLEEP_KINDS: Final = frozenset({"expire", "adjust", "received"})
"""What happens to a member who does nothing."""
HOUR_MS: Final = HOUR_S * 1_000
DAY_MS: Final = DAY_S * 1_000
NEW_MS: Final = 72 * HOUR_MS
"""A device, a place or a contact counts as new for three days (domain, typology 1)."""
CROWD: Final = PEERS_KEPT
"""An address that has seen so many accounts remembers only the latest: who is missing may be known all the same."""


class Journey(NamedTuple):
    """From where a member was last to where this event is: km as the crow flies, and hours in between."""

    km: float
    hours: float


def peers(entity: Entity, role: str) -> Sequence[Peer]:
    """Those of a role that the entity has met."""
    return entity.peers.get(role, ())


def known_ms(seen: Snapshot, role: str) -> int | None:
    """How long the account has known what it meets here in that role, in ms; None where it meets none."""
    key = seen.met.get(role)
    if key is None:
        return None
    for peer in peers(seen.account, role):
        if peer.key == key:
            return max(0, seen.as_of_ms - peer.first_seen_ms)
    return 0


def address_known_ms(seen: Snapshot) -> int | None:
    """How long the account has used this network address, in ms; None where there is none, or too many share it."""
    if seen.ip is None:
        return None
    known = peers(seen.ip, "account")
    if len(known) >= CROWD:
        return None
    return max((seen.as_of_ms - peer.first_seen_ms for peer in known if peer.key == seen.self_key), default=0)


def member_ms(seen: Snapshot) -> int:
    """How long the account itself is known, in ms."""
    return max(0, seen.as_of_ms - seen.account.first_seen_ms)


def contact_changed_ms(seen: Snapshot) -> int | None:
    """
    How long ago e-mail, phone or address last changed, in ms; None where none ever did. The first value that is
    ever seen of an account known for longer than a day was another one before.
    """
    first_ms = seen.account.first_seen_ms
    changes = [
        fact.since_ms if fact.changed_ms is None else fact.changed_ms
        for fact in seen.account.facts.values()
        if fact.changed_ms is not None or fact.since_ms - first_ms > DAY_MS
    ]
    return max(0, seen.as_of_ms - max(changes)) if changes else None


def here(seen: Snapshot) -> Place | None:
    """Where the event is."""
    key = seen.met.get("place")
    return None if key is None else place_of(key)


def journey(seen: Snapshot) -> Journey | None:
    """From the place the account was last seen at, another one than this; None where either is not known."""
    at = here(seen)
    if at is None or at.lat is None:
        return None
    own = seen.met["place"]
    before = [peer for peer in peers(seen.account, "place") if peer.key != own]
    for peer in sorted(before, key=lambda peer: peer.last_seen_ms, reverse=True):
        km = distance_km(place_of(peer.key), at)
        if km is not None:
            return Journey(km, abs(seen.as_of_ms - peer.last_seen_ms) / HOUR_MS)
    return None


def settled_places(seen: Snapshot) -> Sequence[Place]:
    """Where the account was first seen longer ago than what counts as new."""
    since_ms = seen.as_of_ms - NEW_MS
    return [place_of(peer.key) for peer in peers(seen.account, "place") if peer.first_seen_ms <= since_ms]


def nearest_km(seen: Snapshot) -> float | None:
    """From here to the nearest place the account knows well, in km; None where nothing is known."""
    at = here(seen)
    if at is None or at.lat is None:
        return None
    known = (distance_km(place, at) for place in settled_places(seen))
    return min((km for km in known if km is not None), default=None)


def is_abroad(seen: Snapshot) -> bool:
    """Whether the account is in a country that is new to it, and not the first it was ever seen in."""
    at = here(seen)
    if at is None or not at.country:
        return False
    known = {place.country for place in settled_places(seen)} - {""}
    return bool(known) and at.country not in known


def has_settled(seen: Snapshot, role: str) -> bool:
    """Whether the account has another one of that role that it knows well: only then can one be strange."""
    since_ms, own = seen.as_of_ms - NEW_MS, seen.met.get(role)
    return any(peer.first_seen_ms <= since_ms and peer.key != own for peer in peers(seen.account, role))


def silence_days(seen: Snapshot, awake_ms: int) -> float:
    """
    Days of silence that ended within the last `awake_ms`, at most.

    Reads every instant that is still kept; of a kind repeated after the silence the earlier ones are forgotten
    (series reach back 31 days), so that the silence may seem longer than it was. 0 for an account first seen then.
    """
    since_ms = seen.as_of_ms - awake_ms
    last_ms = seen.account.first_seen_ms
    if last_ms > since_ms:
        return 0.0
    woke_ms = seen.as_of_ms
    for kind in seen.account.series:
        series = seen.account.series.get(kind, EMPTY)
        if kind in ASLEEP_KINDS:
            continue
        for instant in series.instants_ms:
            if instant <= since_ms:
                last_ms = max(last_ms, instant)
            else:
                woke_ms = min(woke_ms, instant)
        for cell in series.cells:
            last_ms = max(last_ms, min(cell.start_ms + cell.width_ms, since_ms))
    for role in ("device", "store", "place", "payment"):
        for peer in peers(seen.account, role):
            if peer.last_seen_ms <= since_ms:
                last_ms = max(last_ms, peer.last_seen_ms)
    return max(0, woke_ms - last_ms) / DAY_MS
