"""The names an analyst's rule may use, and how each is read from the snapshot; `docs/policy.md` lists them.

Numbers are whole numbers, and what is absent is 0, "" or false, so that a rule never stumbles over a gap;
`present` and `has_balance` tell a zero from a gap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from app.policy.vocabulary import KINDS, PEERS, PLACES, has_points
from detectors.snapshot import DAY_S, HOUR_S, MINUTE_S, Entity, Snapshot

Value = int | str | bool | dict[str, int | float | str]
Reader = Callable[[Snapshot], Value]

ROLES: Final = tuple(KINDS)
ROOTS: Final = ("event", *ROLES)
WINDOWS: Final = {
    "1m": MINUTE_S, "10m": 10 * MINUTE_S, "1h": HOUR_S, "24h": DAY_S, "7d": 7 * DAY_S, "30d": 30 * DAY_S,
}  # fmt: skip
PLURALS: Final = {
    "accounts": "account",
    "devices": "device",
    "payments": "payment",
    "counterparties": "counterparty",
    "stores": "store",
    "places": "place",
}
DAY_MS: Final = DAY_S * 1_000

_TEXTS: Final = (
    "type", "channel", "reason", "store_id", "terminal_id", "employee_id", "partner_id", "campaign_id",
    "reward_id", "coupon_code", "order_id", "reward_liquidity", "counterparty_account_id",
)  # fmt: skip
_WINDOWED: Final = re.compile(rf"^(?P<what>[a-z_]+?)_(?P<window>{'|'.join(WINDOWS)})$")


def _text(name: str) -> Reader:
    return lambda seen: getattr(seen.event, name) or ""


def _burn_share(seen: Snapshot) -> int:
    balance = seen.event.balance_before or 0
    return 100 * (seen.event.points or 0) // balance if balance > 0 else 0


EVENT: Final[dict[str, Reader]] = {
    **{name: _text(name) for name in _TEXTS},
    "points": lambda seen: seen.event.points or 0,
    "balance_before": lambda seen: seen.event.balance_before or 0,
    "has_balance": lambda seen: seen.event.balance_before is not None,
    "burn_share_percent": _burn_share,
    "amount_minor": lambda seen: seen.event.money.amount_minor if seen.event.money else 0,
    "currency": lambda seen: seen.event.money.currency if seen.event.money else "",
    "country": lambda seen: (seen.event.location.country or "") if seen.event.location else "",
    "hour_utc": lambda seen: seen.as_of_ms // (HOUR_S * 1_000) % 24,
    "is_emulator": lambda seen: bool(seen.event.device and seen.event.device.is_emulator),
    "is_rooted": lambda seen: bool(seen.event.device and seen.event.device.is_rooted),
    "disposable_email": lambda seen: seen.disposable_email,
    "metadata": lambda seen: dict(seen.event.metadata or {}),
}


PLAIN: Final[dict[str, Callable[[Snapshot, str], Value]]] = {
    "present": lambda seen, role: seen.entity(role) is not None,
    "age_days": lambda seen, role: _age_days(seen, seen.entity(role)),
}
PLACE: Final[dict[str, Callable[[Snapshot, str], Value]]] = {
    "context": lambda seen, role: seen.contexts.get(role, ""),
}
ACCOUNT: Final[dict[str, Callable[[Snapshot, str], Value]]] = {
    "links": lambda seen, _: sum(link.key not in seen.said.released for link in seen.account.links),
    "earned_points": lambda seen, _: seen.account.totals_points.get("earn", 0),
    "burned_points": lambda seen, _: seen.account.totals_points.get("burn", 0),
}


def reader(name: str) -> Reader | None:
    """How `event.points` or `account.redeem_count_1h` is read; None for a name that does not exist."""
    root, _, member = name.partition(".")
    if root == "event":
        return EVENT.get(member)
    if root not in ROLES:
        return None
    windowed = _WINDOWED.match(member)
    if windowed is not None:
        return _windowed(root, windowed["what"], WINDOWS[windowed["window"]])
    plain = _plain(root).get(member)
    return None if plain is None else lambda seen: plain(seen, root)


def every_name() -> Iterator[str]:
    """All names there are."""
    yield from (f"event.{name}" for name in EVENT)
    for role in ROLES:
        yield from (f"{role}.{name}" for name in _plain(role))
        counted = [name for name, peer in PLURALS.items() if peer in PEERS[role]]
        counted += [f"{kind}_count" for kind in KINDS[role]]
        counted += [f"{kind}_points" for kind in KINDS[role] if has_points(role, kind)]
        yield from (f"{role}.{name}_{window}" for name in counted for window in WINDOWS)


def _plain(role: str) -> dict[str, Callable[[Snapshot, str], Value]]:
    return PLAIN | (PLACE if role in PLACES else {}) | (ACCOUNT if role == "account" else {})


def _windowed(role: str, what: str, window_s: int) -> Reader | None:
    peer = PLURALS.get(what)
    if peer in PEERS[role]:
        return lambda seen: seen.distinct(role, peer, window_s)
    kind, _, measure = what.rpartition("_")
    if kind not in KINDS[role]:
        return None
    if measure == "count":
        return lambda seen: seen.count(role, kind, window_s)
    if measure == "points" and has_points(role, kind):
        return lambda seen: seen.points(role, kind, window_s)
    return None


def _age_days(seen: Snapshot, entity: Entity | None) -> int:
    if entity is None:
        return 0
    peers = [peer.first_seen_ms for peer in entity.peers.get("account", ())]
    first_ms = entity.first_seen_ms or min(peers, default=seen.as_of_ms)
    return max(0, seen.as_of_ms - first_ms) // DAY_MS
