"""Snapshots to test with: a plain member to vary, and any snapshot at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from detectors.event import Device, Event, Location, Money
from detectors.places import place_key
from detectors.policy import EVENT_TYPES
from detectors.snapshot import (
    DAY_S,
    HOUR_S,
    Cell,
    Entity,
    Fact,
    Link,
    LinkSeen,
    Peer,
    Segment,
    Series,
    Snapshot,
    Traits,
)

NOW_MS = 1_750_000_000_000
HOUR_MS, DAY_MS = HOUR_S * 1_000, DAY_S * 1_000
SEGMENT = Segment(burn_per_earn=0.7, month_points=500)
OWN_KEY = "c" * 16


def series(*ages_ms: int, points: int = 0) -> Series:
    """Events that happened so long ago, each with these points."""
    instants = sorted(NOW_MS - age for age in ages_ms)
    return Series(instants, [points] * len(instants))


def account(
    kinds: Mapping[str, Series] | None = None,
    *,
    age_ms: int = 200 * DAY_MS,
    totals: Mapping[str, int] | None = None,
) -> Entity:
    """A member with this history."""
    return Entity(NOW_MS - age_ms, NOW_MS, kinds or {}, totals or {})


def peers(number: int, age_ms: int = 0) -> list[Peer]:
    """So many different accounts, last seen so long ago."""
    return [Peer(f"{n:016x}", NOW_MS - age_ms, NOW_MS - age_ms) for n in range(number)]


def place(lat: float | None, lon: float | None, country: str | None = None) -> str:
    """The key of a place among peers."""
    key = place_key(lat, lon, country)
    assert key is not None
    return key.hex()


def met(key: str, first_ms: int, last_ms: int | None = None) -> Peer:
    """A peer first seen so long ago, and last seen so long ago (else just now)."""
    return Peer(key, NOW_MS - first_ms, NOW_MS - (0 if last_ms is None else last_ms))


def seen(event_type: str, member: Entity, *, points: int | None = 10, **more: Any) -> Snapshot:
    """The snapshot of one event now; `more` goes to the snapshot where it has the field, else to it."""
    known = {key: more.pop(key) for key in list(more) if key in Snapshot.__struct_fields__}
    return Snapshot(event_of(event_type, points, **more), NOW_MS, member, SEGMENT, OWN_KEY, **known)


def event_of(event_type: str, points: int | None = 10, **more: Any) -> Event:
    """An event now."""
    given = {"type": event_type, "points": points, "occurred_at": datetime.fromtimestamp(NOW_MS / 1_000, UTC)}
    return Event(event_id="e-1", account_id="m-1", **{**given, **more})


def burst(number: int, *, points: int = 10, known: bool = True) -> Snapshot:
    """The last of so many redemptions within seconds, by a member with an ordinary history or with none."""
    redeemed = [10 * DAY_MS, 20 * DAY_MS] if known else []
    redeem = series(*redeemed, *(n * 500 for n in range(number)), points=points)
    kinds = {"redeem": redeem, "burn": Series(redeem.instants_ms[:-1], redeem.points[:-1])}
    if not known:
        return seen("redeem", account(kinds, age_ms=number * 500), points=points)
    kinds |= {
        "earn": series(*(n * DAY_MS for n in range(2, 42, 4)), points=60),
        "login": series(HOUR_MS, 9 * HOUR_MS),
    }
    return seen("redeem", account(kinds, totals={"earn": 2_400, "burn": 200}), points=points)


# ---------------------------------------------------------------- any snapshot at all

_instants = st.lists(
    st.integers(-40 * DAY_MS, 300_000) | st.integers(-120_000, 300_000), max_size=70
).map(lambda ages: sorted(NOW_MS + age for age in ages))  # fmt: skip
_points = st.integers(-(10**9), 10**9)


@st.composite
def _series(draw: st.DrawFn) -> Series:
    instants = draw(_instants)
    points = (
        draw(st.lists(_points, min_size=len(instants), max_size=len(instants))) if draw(st.booleans()) else []
    )
    cells = draw(
        st.lists(
            st.builds(
                Cell,
                st.integers(NOW_MS - 40 * DAY_MS, NOW_MS),
                st.sampled_from([HOUR_MS, DAY_MS]),
                st.integers(0, 1_000),
                _points,
            ),
            max_size=2,
        )
    )
    return Series(instants, points, cells)


_keys = st.sampled_from([f"{n:016x}" for n in range(40)] + [OWN_KEY])
_places = st.builds(
    place, st.floats(-90, 90), st.floats(-180, 180), st.sampled_from([None, "DE", "FR"])
) | st.sampled_from([place(None, None, "DE"), place(52.5, 13.4, "DE")])  # fmt: skip
_traits = st.builds(Traits, *[st.integers(0, 65_535)] * 4)
_peers: st.SearchStrategy[Sequence[Peer]] = st.lists(
    st.builds(
        Peer,
        _keys | _places,
        st.integers(NOW_MS - 40 * DAY_MS, NOW_MS),
        st.integers(NOW_MS - 40 * DAY_MS, NOW_MS),
        _traits,
    ),
    max_size=5,
)
_when = st.integers(0, NOW_MS)
entities = st.builds(
    Entity,
    _when,
    _when,
    st.dictionaries(st.sampled_from([*EVENT_TYPES, "burn", "received"]), _series(), max_size=4),
    st.dictionaries(
        st.sampled_from([*EVENT_TYPES, "burn", "received"]), st.integers(-(10**12), 10**12), max_size=4
    ),
    st.dictionaries(
        st.sampled_from(["account", "device", "ip", "payment", "counterparty", "store", "place"]),
        _peers,
        max_size=3,
    ),
    st.dictionaries(
        st.sampled_from(["email", "phone", "address"]),
        st.builds(Fact, st.binary(min_size=12, max_size=12), _when, st.none() | _when),
        max_size=2,
    ),
    st.lists(st.builds(Link, _keys, st.floats(0, 1)), max_size=2),
)
_maybe = st.none() | entities
events = st.builds(
    event_of,
    st.sampled_from(EVENT_TYPES),
    st.none() | st.integers(-(10**9), 10**9) | st.integers(0, 5_000),
    balance_before=st.none() | st.integers(-(10**12), 10**12) | st.integers(0, 5_000),
    channel=st.sampled_from([None, "web", "app", "pos", "batch"]),
    reason=st.sampled_from([None, "purchase", "welcome_bonus", "referral"]),
    device=st.sampled_from([None, Device(id="d-1"), Device(id="d-1", is_emulator=True)]),
    ip=st.sampled_from([None, "192.0.2.7"]),
    money=st.none() | st.builds(Money, st.integers(-(10**12), 10**12), st.just("EUR")),
    reward_liquidity=st.sampled_from([None, "high", "medium", "low"]),
    campaign_id=st.sampled_from([None, "c-1"]),
    location=st.sampled_from([None, Location(lat=48.9, lon=2.4)]),
)
snapshots = st.builds(
    Snapshot,
    events,
    st.just(NOW_MS),
    entities,
    st.builds(
        Segment, st.floats(0.01, 100), st.integers(1, 10**9) | st.integers(1, 1_000), st.floats(0, 100)
    ),
    st.just(OWN_KEY),
    _maybe,
    _maybe,
    _maybe,
    _maybe,
    st.dictionaries(st.sampled_from(["email", "phone", "address", "name_dob"]), entities, max_size=2),
    _traits,
    st.dictionaries(
        st.sampled_from(["device", "ip"]), st.sampled_from(["household", "office_nat"]), max_size=2
    ),
    st.booleans(),
    st.fixed_dictionaries({}, optional={"device": _keys, "payment": _keys, "store": _keys, "place": _places}),
    link=st.none()
    | st.builds(LinkSeen, *[st.integers(0, 9)] * 3, st.booleans(), st.just("email"), st.integers(0, 10**6)),
)
