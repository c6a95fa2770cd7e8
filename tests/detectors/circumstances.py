"""A member with habits, and the circumstances in which its points go: to vary in tests."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from detectors.snapshot import Entity, Fact, Peer, Series, Snapshot
from tests.detectors.snapshots import DAY_MS, HOUR_MS, NOW_MS, OWN_KEY, met, peers, place, seen, series

PHONE, LAPTOP, STRANGE_DEVICE = "1" * 16, "2" * 16, "9" * 16
SHOP, STRANGE_SHOP = "a" * 16, "b" * 16
HOME, NEXT_TOWN = place(52.5, 13.4, "DE"), place(51.5, 13.4, "DE")
PARIS, SYDNEY = place(48.9, 2.4, "FR"), place(-33.9, 151.2, "AU")
BALANCE = 3_000
MINUTE_MS = 60_000


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
    met_before: dict[str, list[Peer]] | None = None,
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
        known | (met_before or {}),
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
    known = dict(own.peers)
    for role, key in met_here.items():
        before = known.get(role, [])
        if all(peer.key != key for peer in before):
            known[role] = [*before, met(key, 0)]
    redeemed = own.series.get("redeem", Series())
    tried = Series([*redeemed.instants_ms, NOW_MS], [*redeemed.points, points])
    own = replace(
        own, peers=known, series={**own.series, "redeem": tried} if kind == "redeem" else own.series
    )
    given = {"channel": "app", "ip": at_home(), "balance_before": BALANCE, "reward_liquidity": "high"} | more
    return seen(kind, own, points=points, met=met_here, **given)


def contact(hours: float) -> dict[str, Fact]:
    """An e-mail address known for a year, changed so long ago."""
    changed = NOW_MS - int(hours * HOUR_MS)
    return {"email": Fact(b"new mail", changed, changed)}


def asleep(days: int = 200) -> Entity:
    """A member who was last seen so long ago, and is back since an hour."""
    own = member()
    silent = {
        role: [met(peer.key, 400 * DAY_MS, days * DAY_MS) for peer in known]
        for role, known in own.peers.items()
    }
    return replace(own, series={"login": series(HOUR_MS)}, peers=silent)


def last_at(key: str, hours: float, days: int = 400) -> Entity:
    """A member known for so long in that place, and last seen there so long ago."""
    return member(met_before={"place": [met(key, days * DAY_MS, int(hours * HOUR_MS))]})


def failing(times: int) -> Entity:
    """Whose password was wrong so many times within the last minutes."""
    return member(kinds={"login_failed": series(*(n * MINUTE_MS for n in range(1, times + 1)))})


def probed(points: int = 30, minutes: int = 10) -> Entity:
    """Who redeemed so few points so many minutes ago."""
    return member(kinds={"redeem": series(minutes * MINUTE_MS, points=points)})


def stuffed(number: int, *, known_days: int = 0, failed: int | None = None) -> Entity:
    """A device or address where so many accounts' passwords failed just now."""
    return Entity(
        series={"login_failed": series(*range(number if failed is None else failed))},
        peers={"account": [*peers(number), met(OWN_KEY, known_days * DAY_MS)]},
    )


TAKEN_OVER = {
    "PROBE_THEN_DRAIN": spending(2_900, account=probed(), device=STRANGE_DEVICE, ip=None),
    "NEW_DEVICE_SPENDS": spending(device=STRANGE_DEVICE, ip=elsewhere()),
    "CONTACT_CHANGED_THEN_SPENT": spending(account=member(facts=contact(5)), device=STRANGE_DEVICE),
    "DORMANT_AWAKE_SPENDS": spending(account=asleep(), device=STRANGE_DEVICE),
    "IMPOSSIBLE_TRAVEL": spending(account=last_at(HOME, 2), met={"place": SYDNEY}),
    "NEW_COUNTRY_SPENDS": spending(met={"place": PARIS}, device=STRANGE_DEVICE),
    "STRANGE_STORE_SPENDS": spending(channel="pos", met={"store": STRANGE_SHOP, "place": PARIS}),
    "SPENT_AFTER_FAILED_LOGINS": spending(account=failing(9), device=STRANGE_DEVICE),
    "CREDENTIALS_TRIED": seen("login", member(), points=None, ip=stuffed(12)),
}
"""One story for each reason code."""
