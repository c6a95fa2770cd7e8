"""A member with habits, and the circumstances in which its points go: to vary in tests."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from detectors.snapshot import Entity, Fact, Peer, Series, Snapshot
from tests.detectors.snapshots import DAY_MS, NOW_MS, OWN_KEY, met, place, seen, series

PHONE, LAPTOP, STRANGE_DEVICE = "1" * 16, "2" * 16, "9" * 16
SHOP, STRANGE_SHOP = "a" * 16, "b" * 16
HOME, NEXT_TOWN = place(52.5, 13.4, "DE"), place(51.5, 13.4, "DE")
PARIS, SYDNEY = place(48.9, 2.4, "FR"), place(-33.9, 151.2, "AU")
BALANCE = 3_000


def at_home(days: int = 400) -> Entity:
    """The member's own network address, used for so long."""
    return Entity(peers={"account": [met(OWN_KEY, days * DAY_MS)]})


def elsewhere(number: int = 1) -> Entity:
    """A network address where so many others were seen, and the member only now."""
    others = [met(f"{n:016x}", 100 * DAY_MS) for n in range(1, number)]
    return Entity(peers={"account": [*others, met(OWN_KEY, 0)]})


def member(
    *,
    days: int = 400,
    kinds: dict[str, Series] | None = None,
    peers: dict[str, list[Peer]] | None = None,
    facts: dict[str, Fact] | None = None,
) -> Entity:
    """So long a member, who shops every week in one store and has a phone, a laptop and a home."""
    past = days * DAY_MS
    shopping = {"earn": series(*range(3 * DAY_MS, min(31 * DAY_MS, past), 7 * DAY_MS), points=120)}
    known = {
        "device": [met(PHONE, past, 3 * DAY_MS), met(LAPTOP, past, 10 * DAY_MS)],
        "store": [met(SHOP, past, 3 * DAY_MS)],
        "place": [met(HOME, past, 3 * DAY_MS)],
    }
    return Entity(
        NOW_MS - past,
        NOW_MS,
        shopping | (kinds or {}),
        {"earn": 6_000, "burn": 3_000},
        known | (peers or {}),
        facts or {},
    )


def spending(
    points: int = BALANCE,
    *,
    kind: str = "redeem",
    account: Entity | None = None,
    device: str = PHONE,
    **more: Any,
) -> Snapshot:
    """The member spends so many of 3,000 points now, on this device; `more` as in `seen`."""
    own = account or member()
    met_here = {"device": device} | more.pop("met", {})
    peers = dict(own.peers)
    for role, key in met_here.items():
        known = peers.get(role, [])
        if all(peer.key != key for peer in known):
            peers[role] = [*known, met(key, 0)]
    redeemed = own.series.get("redeem", Series())
    tried = Series([*redeemed.instants_ms, NOW_MS], [*redeemed.points, points])
    own = replace(
        own, peers=peers, series={**own.series, "redeem": tried} if kind == "redeem" else own.series
    )
    given = {"channel": "app", "ip": at_home(), "balance_before": BALANCE, "reward_liquidity": "high"} | more
    return seen(kind, own, points=points, met=met_here, **given)
