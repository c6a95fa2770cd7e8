"""Sightings to test a hot store with, and what a store says of them in a form that compares."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from app.ports.sighting import PeerSeen, Seen, Sighting, Touch
from app.store.packing import PARTITIONS
from app.store.pipeline import Pipeline, pack
from detectors.snapshot import DAY_S, HOUR_S, POINTED, Entity, Traits

HOUR_MS, DAY_MS = HOUR_S * 1_000, DAY_S * 1_000
NOW_MS = 1_750_000_000_000
FILTER_BITS = 1 << 12
UNTOLD = Traits()


def key(name: str, size: int = 8) -> bytes:
    """A keyed hash, as far as a store can tell."""
    return blake2b(name.encode(), digest_size=size).digest()


def sighting(
    event: str,
    at_ms: int = NOW_MS,
    *,
    account: str = "m-1",
    kind: str = "redeem",
    points: int = 10,
    device: str | None = None,
    email: str | None = None,
    traits: Traits = UNTOLD,
    body: str = "as first sent",
) -> Sighting:
    """One event of an account, at a device and with a fact where they are named."""
    met = () if device is None else (PeerSeen("device", key(device)),)
    facts = () if email is None else (("email", key(email)),)
    pointed = points if kind in POINTED else None
    touches = [Touch("account", key(account), kind, pointed, met, facts)]
    if device is not None:
        touches.append(Touch("device", key(device), kind, None, (PeerSeen("account", key(account), traits),)))
    event_key = key(event, 16)
    return Sighting("p", event_key, key(body, 16), event_key[:4], at_ms, tuple(touches))


def plain(entity: Entity) -> dict[str, Any]:
    """Everything an entity holds, decoded and comparable."""
    return {
        "first": entity.first_seen_ms,
        "last": entity.last_seen_ms,
        "series": {
            kind: (list(series.instants_ms), list(series.points), list(series.cells))
            for kind, series in entity.series.items()
        },
        "totals": dict(entity.totals_points.items()),
        "peers": {role: list(peers) for role, peers in entity.peers.items() if peers},
        "facts": dict(entity.facts.items()),
        "links": [(link.key, link.probability) for link in entity.links],
    }


def told(seen: Seen) -> dict[str, Any]:
    """Everything a store said, comparable."""
    return seen._asdict() | {"entities": {role: plain(entity) for role, entity in seen.entities.items()}}


async def settle_in(pipeline: Pipeline) -> None:
    """Make an empty Valkey one that holds all there is to hold, which is nothing, and knows it."""
    packed = [pack(("SETBIT", b"f" + tag, FILTER_BITS - 1, 0)) for tag in PARTITIONS]
    packed.append(pack(("HSET", "state", "complete", 1)))
    await pipeline.call(b"".join(packed), len(packed))
