"""
The features of the anomaly model: defined here, once. What is scored live, journalled and trained on are the same bytes.

Amounts and times are taken as ln(1 + x), because people differ by factors; a feature that has nothing to say takes the
value of an ordinary member, so that silence is never unusual. Append features or change one: VERSION moves, and models
of another version are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import expm1, log, log1p
from struct import Struct as Layout
from typing import Final, NamedTuple

from detectors.acquaintance import (
    DAY_MS,
    HOUR_MS,
    contact_changed_ms,
    journey,
    known_ms,
    member_ms,
    nearest_km,
)
from detectors.balance import balance_before, net
from detectors.snapshot import DAY_S, EMPTY, HOUR_S, POINTED, Snapshot

VERSION: Final = 1
MONTH_S: Final = 30 * DAY_S
SETTLED_DAYS: Final = 30
"""A member of a month has habits; before that everything is new (tenure bands of the model's segments)."""
LONG_MS: Final = 90 * DAY_MS
"""As long ago as matters: older changes are no news."""
SMALL_POINTS: Final = 10
"""Added to amounts that are compared, so that a single point more or less is no ratio."""
FEW_POINTS: Final = 100
"""The same for totals."""
CELL_KM: Final = 55.0
"""The width of a place: nearer than that is no distance."""
SPENDING: Final = frozenset({"redeem", "transfer"})


class Feature(NamedTuple):
    """
    One number of the vector.

    name:  stable.
    unit:  of the number itself.
    title: what it is, for a person; `say` puts a value behind it in natural units.
    """

    name: str
    unit: str
    title: str
    read: Callable[[Snapshot], float]
    say: Callable[[float], str]


def _count(value: float) -> str:
    return f"{max(0.0, expm1(value)):,.0f}"


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def _ratio(value: float) -> str:
    return f"{expm1(value) + 1:.3g}"


def _hours(value: float) -> str:
    hours = max(0.0, expm1(value))
    return f"{60 * hours:.0f} min" if hours < 2 else f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} d"  # noqa: PLR2004 - as people say it


def _size(seen: Snapshot) -> float:
    return log1p(abs(seen.event.points or 0))


def _money(seen: Snapshot) -> float:
    return log1p(abs(seen.event.money.amount_minor)) if seen.event.money else 0.0


def _rate(seen: Snapshot) -> float:
    money, points = seen.event.money, seen.event.points
    if money is None or not points:
        return 0.0
    return log((abs(points) + 1) / (abs(money.amount_minor) + 1))


def _share(seen: Snapshot) -> float:
    points = seen.event.points or 0
    if seen.event.type not in SPENDING or points <= 0:
        return 0.0
    balance = balance_before(seen)
    return min(1.0, points / balance) if balance is not None and balance > 0 else 0.0


def _own_size(seen: Snapshot) -> float:
    """Against the mean of the member's earlier ones; a return against what was earned, since that is what it undoes."""
    points, kind = abs(seen.event.points or 0), seen.event.type
    if kind not in POINTED:
        return 0.0
    before = [abs(one) for one in seen.account.series.get("earn" if kind == "return" else kind, EMPTY).points]
    own = 0 if kind == "return" else 1
    if len(before) <= own:
        return 0.0
    mean = max(0.0, sum(before) - points * own) / (len(before) - own)
    return log((points + SMALL_POINTS) / (mean + SMALL_POINTS))


def _burned(seen: Snapshot) -> float:
    totals, own = seen.account.totals_points, seen.event.points or 0
    burned = totals.get("burn", 0) + totals.get("transfer", 0) + (own if seen.event.type in SPENDING else 0)
    earned = totals.get("earn", 0) + (own if seen.event.type == "earn" else 0)
    return log((max(0, burned) + FEW_POINTS) / (max(0, earned) + FEW_POINTS))


def _overdrawn(seen: Snapshot) -> float:
    """What a return takes beyond what is left."""
    if seen.event.type != "return":
        return 0.0
    balance = seen.event.balance_before
    left = net(seen) if balance is None else balance
    return log1p(max(0, (seen.event.points or 0) - max(0, left)))


def _pause(seen: Snapshot) -> float:
    """Hours since the account did anything else; LONG_MS where it never did."""
    now, series, last_ms = seen.as_of_ms, seen.account.series, 0
    for kind in series:
        instants = series[kind].instants_ms
        if instants and instants[-1] > last_ms:
            before = (
                instants[-1] if instants[-1] < now else next((i for i in reversed(instants) if i < now), 0)
            )
            last_ms = max(last_ms, before)
    return log1p(min(now - last_ms, LONG_MS) / HOUR_MS)


def _age(seen: Snapshot) -> float:
    return log1p(member_ms(seen) / DAY_MS)


def _kind(window_s: int) -> Callable[[Snapshot], float]:
    return lambda seen: log1p(seen.count("account", seen.event.type, window_s))


def _any_day(seen: Snapshot) -> float:
    now, series, events = seen.as_of_ms, seen.account.series, 0
    for kind in series:
        one = series[kind]
        if one.instants_ms and one.instants_ms[-1] > now - DAY_MS:  # its cells are older still
            events += one.within(now, DAY_MS)[0]
    return log1p(events)


def _failed(seen: Snapshot) -> float:
    return log1p(seen.count("account", "login_failed", DAY_S))


def _known_hours(role: str) -> Callable[[Snapshot], float]:
    """Since it was first met; LONG_MS where none is met, and where the member has no other to compare with."""

    def read(seen: Snapshot) -> float:
        known = known_ms(seen, role) if len(seen.account.peers.get(role, ())) > 1 else None
        return log1p(min(LONG_MS if known is None else known, LONG_MS) / HOUR_MS)

    return read


def _contact(seen: Snapshot) -> float:
    changed = contact_changed_ms(seen)
    return log1p(min(LONG_MS if changed is None else changed, LONG_MS) / HOUR_MS)


def _accounts(role: str, window_s: int) -> Callable[[Snapshot], float]:
    return lambda seen: log1p(max(1, seen.distinct(role, "account", window_s)))


def _stores(seen: Snapshot) -> float:
    return log1p(seen.distinct("account", "store", DAY_S))


def _far(seen: Snapshot) -> float:
    return log1p(max(0.0, (nearest_km(seen) or 0.0) - CELL_KM))


def _speed(seen: Snapshot) -> float:
    """From one place to another: km an hour, an hour at least, since a cell is wide."""
    way = journey(seen)
    return 0.0 if way is None else log1p(way.km / max(1.0, way.hours))


def _gifts(seen: Snapshot) -> float:
    return log1p(seen.count("counterparty", "received", 7 * DAY_S))


def _failing_address(seen: Snapshot) -> float:
    return log1p(seen.count("ip", "login_failed", HOUR_S))


FEATURES: Final[tuple[Feature, ...]] = (
    Feature("points", "ln(1 + points)", "points moved", _size, _count),
    Feature("money", "ln(1 + minor units)", "money, in minor units", _money, _count),
    Feature("points_per_money", "ln(points / minor unit)", "points for each minor unit of money", _rate, _ratio),
    Feature("balance_share", "ratio", "of the balance at once", _share, _percent),
    Feature("own_size", "ln(ratio)", "times the member's own usual", _own_size, _ratio),
    Feature("burn_ratio", "ln(ratio)", "points burned for each earned", _burned, _ratio),
    Feature("overdrawn", "ln(1 + points)", "points returned that are already spent", _overdrawn, _count),
    Feature("pause", "ln(1 + h)", "since the member did anything", _pause, _hours),
    Feature("age", "ln(1 + d)", "days a member", _age, _count),
    Feature("kind_1h", "ln(1 + events)", "events of this kind in 60 min", _kind(HOUR_S), _count),
    Feature("kind_30d", "ln(1 + events)", "events of this kind in 30 d", _kind(MONTH_S), _count),
    Feature("any_24h", "ln(1 + events)", "events of any kind in 24 h", _any_day, _count),
    Feature("failed_24h", "ln(1 + events)", "failed logins in 24 h", _failed, _count),
    Feature("device_known", "ln(1 + h)", "since the device was first seen", _known_hours("device"), _hours),
    Feature("store_known", "ln(1 + h)", "since the store was first visited", _known_hours("store"), _hours),
    Feature("contact_known", "ln(1 + h)", "since a contact was last changed", _contact, _hours),
    Feature("device_accounts", "ln(1 + accounts)", "accounts on the device in 30 d", _accounts("device", MONTH_S),
            _count),
    Feature("ip_accounts", "ln(1 + accounts)", "accounts at the network address in 24 h", _accounts("ip", DAY_S),
            _count),
    Feature("payment_accounts", "ln(1 + accounts)", "accounts with the payment instrument in 30 d",
            _accounts("payment", MONTH_S), _count),
    Feature("stores_24h", "ln(1 + stores)", "stores visited in 24 h", _stores, _count),
    Feature("far", "ln(1 + km)", "km from any place known before", _far, _count),
    Feature("speed", "ln(1 + km/h)", "km/h from the place before", _speed, _count),
    Feature("gifts_7d", "ln(1 + events)", "transfers received by the other account in 7 d", _gifts, _count),
    Feature("ip_failed_1h", "ln(1 + events)", "failed logins from the network address in 60 min", _failing_address,
            _count),
)  # fmt: skip
"""In the order of the vector. Appending moves VERSION."""
NAMES: Final = tuple(feature.name for feature in FEATURES)
_READERS: Final = tuple(feature.read for feature in FEATURES)
_LAYOUT: Final = Layout(f"<{len(FEATURES)}f")


def vector(seen: Snapshot) -> bytes:
    """All features of one event: float32, little-endian, in the order of FEATURES."""
    return _LAYOUT.pack(*[read(seen) for read in _READERS])


def values(packed: bytes) -> Sequence[float]:
    """The numbers of a vector again. Raises struct.error for bytes of another length."""
    return _LAYOUT.unpack(packed)


def segment(seen: Snapshot) -> tuple[str, str, str]:
    """Whom an event is compared with: programme, kind of event, tenure of the member."""
    tenure = "settled" if member_ms(seen) >= SETTLED_DAYS * DAY_MS else "new"
    return seen.event.program_id, seen.event.type, tenure
