"""Which entities speak about a person, and which belong to a place: tills, kiosks, call centres, offices."""

from __future__ import annotations

from typing import Final

from detectors.event import Event
from detectors.snapshot import Entity, Peer, Snapshot

STAFFED_CHANNELS: Final = frozenset({"pos", "kiosk", "call_centre"})
OWN_CHANNELS: Final = frozenset({"web", "app", "email"})
"""The member's own device, whatever store the event names: a farm must not pass for a till."""
PLACES: Final = frozenset({"device", "ip"})
"""What a place has of its own, so that one who comes there brings neither."""
ROLES: Final = ("email", "phone", "payment", "device", "name_dob", "address")
"""What can bring up a candidate. An IP cannot: it only supports, where something else links."""


def others(seen: Snapshot, entity: Entity) -> list[Peer]:
    """The other accounts seen at an entity, without those a person has judged to be somebody else's."""
    peers, released = entity.peers.get("account", ()), seen.said.released
    return [peer for peer in peers if peer.key != seen.self_key and peer.key not in released]


def staffed(event: Event) -> bool:
    """Whether the event happened at a device of the programme rather than of the member."""
    return event.channel in STAFFED_CHANNELS or (
        event.store_id is not None and event.channel not in OWN_CHANNELS
    )


def silent(seen: Snapshot, role: str) -> bool:
    """
    Whether this entity says nothing about a person: registered as shared, or the device or IP of a place.

    It is a place where staff stands, and where either of the two is registered: a tablet brings its network.
    """
    if role in seen.contexts:
        return True
    return role in PLACES and (staffed(seen.event) or not PLACES.isdisjoint(seen.contexts))


def telling(seen: Snapshot) -> dict[str, list[Peer]]:
    """
    Role → the other accounts there, for entities that say something about a person and hold others at all.

    Left out: whatever is `silent`.
    """
    found: dict[str, list[Peer]] = {}
    for role in (*ROLES, "ip"):
        entity = seen.entity(role)
        if entity is None or silent(seen, role):
            continue
        accounts = others(seen, entity)
        if accounts:
            found[role] = accounts
    return found
