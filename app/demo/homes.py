"""What the record cannot know and a person can: who is a family, and which device stands in a store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from app.demo.caller import Caller

FAMILY: Final = range(2, 6)
"""Accounts at one device that are taken for a family."""
STORE_APP: Final = "LoyaltyStore/"


class Homes(NamedTuple):
    """
    families: accounts that share a device and are all honest, the largest first.
    tablets: devices of stores, the most used first.
    """

    families: list[tuple[str, ...]]
    tablets: list[str]


def homes(events: Iterable[dict[str, Any]], crooks: frozenset[str]) -> Homes:
    """Who shares what, in a history."""
    at: dict[str, set[str]] = defaultdict(set)
    tablets = set()
    for event in events:
        device = event.get("device") or {}
        if device:
            at[device["id"]].add(event["account_id"])
        if device.get("user_agent", "").startswith(STORE_APP):
            tablets.add(device["id"])
    shared = {
        tuple(sorted(found)) for name, found in at.items() if name not in tablets and len(found) in FAMILY
    }
    families = sorted((one for one in shared if not crooks & set(one)), key=lambda one: (-len(one), one))
    return Homes(families, sorted(tablets, key=lambda name: (-len(at[name]), name)))


def say(caller: Caller, found: Homes) -> None:
    """Release one family and mark one tablet, once. Raises as `Caller.ask`."""
    if caller.ask("GET", "/v1/contexts")["items"]:
        return
    for family in found.families[:1]:
        reason = "One household: they came to the counter together and share a tablet at home."
        caller.tell("/v1/households", {"accounts": list(family), "reason": reason})
    for device in found.tablets[:1]:
        body = {"kind": "device", "value": device, "context": "store_tablet", "reason": "Stands at the till."}
        caller.tell("/v1/contexts", body)
