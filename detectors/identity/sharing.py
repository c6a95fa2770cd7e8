"""Which entities speak about a person, and which belong to a place: tills, kiosks, call centres, offices."""

from __future__ import annotations

from typing import Final

from detectors.event import Event
from detectors.snapshot import DAY_S, Entity, Peer, Snapshot
from detectors.thresholds import Threshold

STAFFED_CHANNELS: Final = frozenset({"pos", "kiosk", "call_centre"})
OWN_CHANNELS: Final = frozenset({"web", "app", "email"})
"""The member's own device, whatever store the event names: a farm must not pass for a till."""
TILL_ACCOUNTS: Final = Threshold(
    8,
    "accounts",
    "beyond a household of six and a spare, on a device staff stands at",
    "domain section 1, general",
)
TILL_SPAN: Final = Threshold(
    DAY_S, "s", "a farm is a burst; a tablet goes on being used the next day", "domain section 1, general"
)
TILL_NAMES: Final = Threshold(
    0.8,
    "ratio",
    "distinct given names to accounts: customers differ, one customer does not",
    "domain section 1, general",
)
ROLES: Final = ("email", "phone", "payment", "device", "name_dob", "address")
"""What can bring up a candidate. An IP cannot: it only supports, where something else links."""


def others(seen: Snapshot, entity: Entity) -> list[Peer]:
    """The other accounts seen at an entity."""
    return [peer for peer in entity.peers.get("account", ()) if peer.key != seen.self_key]


def staffed(event: Event) -> bool:
    """Whether the event happened at a device of the programme rather than of the member."""
    return event.channel in STAFFED_CHANNELS or (
        event.store_id is not None and event.channel not in OWN_CHANNELS
    )


def is_till(seen: Snapshot, role: str, accounts: list[Peer]) -> bool:
    """Whether this staffed device or IP has served many differently named accounts over days."""
    if role not in {"device", "ip"} or len(accounts) < TILL_ACCOUNTS.value or not staffed(seen.event):
        return False
    first = [peer.first_seen_ms for peer in accounts]
    if max(*first, seen.as_of_ms) - min(first) < TILL_SPAN.value * 1_000:
        return False
    names = [peer.traits.given_name for peer in accounts if peer.traits.given_name]
    return not names or len(set(names)) >= TILL_NAMES.value * min(len(names), _NAMES_EXPECTED)


def telling(seen: Snapshot) -> dict[str, list[Peer]]:
    """
    Role → the other accounts there, for entities that say something about a person and hold others at all.

    Left out: registered shared contexts, and the device and IP of a staffed channel.
    """
    at_place = staffed(seen.event)
    found: dict[str, list[Peer]] = {}
    for role in (*ROLES, "ip"):
        entity = seen.entity(role)
        if entity is None or role in seen.contexts or (at_place and role in {"device", "ip"}):
            continue
        accounts = others(seen, entity)
        if accounts:
            found[role] = accounts
    return found


_NAMES_EXPECTED: Final = 50
"""Distinct given names among many customers level off; more than a share of 50 is not asked for."""
