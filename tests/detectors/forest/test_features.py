"""The vector: defined once, finite whatever happened, and the same bytes wherever the history is kept."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.programme import Programme
from app.sighting import Sighter
from app.store.memory import MemoryHistory
from app.store.valkey import ValkeyHistory
from detectors.catalogue import CATALOGUE
from detectors.event import Device, Event, Location, Money, Profile
from detectors.forest.features import FEATURES, NAMES, VERSION, segment, values, vector
from detectors.policy import DEFAULT
from detectors.snapshot import Snapshot
from tests.app.store.sightings import settle_in
from tests.detectors.circumstances import STRANGE_DEVICE, member, spending
from tests.detectors.snapshots import DAY_MS, account, seen, series, snapshots

thorough = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LISTS = {1: "498d96e961f558b6"}
"""Version → how the digest of its names and units begins. A list that changed is another version: add its line."""


def read(at: Snapshot) -> Mapping[str, float]:
    return dict(zip(NAMES, values(vector(at)), strict=True))


def test_another_list_is_another_version():
    """Models are fitted to a list of features in this order; they know it by its version alone."""
    spelled = "\n".join(f"{feature.name} {feature.unit}" for feature in FEATURES)
    assert sha256(spelled.encode()).hexdigest()[:16] == LISTS[VERSION]


def test_names_are_unique_and_every_feature_has_a_unit_and_a_title():
    assert len(set(NAMES)) == len(FEATURES)
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in NAMES)
    assert all(feature.unit and feature.title for feature in FEATURES)
    assert len({feature.title for feature in FEATURES}) == len(FEATURES)


@thorough
@given(snapshots)
def test_any_snapshot_has_a_finite_vector_of_the_layout(at):
    packed = vector(at)
    assert len(packed) == 4 * len(FEATURES)
    assert all(math.isfinite(value) for value in values(packed))


@thorough
@given(snapshots)
def test_the_vector_is_of_the_snapshot_alone(at):
    before = copy.deepcopy(at)
    assert vector(at) == vector(at) == vector(before)
    assert at == before


@thorough
@given(snapshots)
def test_every_feature_says_itself_in_words(at):
    for feature, value in zip(FEATURES, values(vector(at)), strict=True):
        said = feature.say(value)
        assert re.search(r"\d", said), (feature.name, value)
        assert not re.search(r"nan|inf", said)


def test_silence_is_ordinary():
    """Who names no device, no store and no place reads like a member who is where they always are."""
    quiet = read(seen("redeem", member(), points=100, balance_before=3_000))
    usual = read(spending(100))
    for name in (
        "device_known",
        "store_known",
        "contact_known",
        "far",
        "speed",
        "device_accounts",
        "gifts_7d",
    ):
        assert quiet[name] == usual[name], name


@pytest.mark.parametrize("name", ["points", "balance_share", "own_size", "burn_ratio"])
def test_a_drain_reads_larger_than_a_coffee(name):
    """Beside the member's own redemptions of 100 points a month."""
    own = member(kinds={"redeem": series(9 * DAY_MS, 40 * DAY_MS, points=100)})
    assert read(spending(2_900, account=own))[name] > read(spending(100, account=own))[name]


def test_a_device_never_seen_is_new_only_to_who_has_another():
    strange = read(spending(device=STRANGE_DEVICE))["device_known"]
    first = read(spending(device=STRANGE_DEVICE, account=replace(member(), peers={})))["device_known"]
    assert strange == 0 < first == read(spending())["device_known"]


@pytest.mark.parametrize(("days", "tenure"), [(0, "new"), (29, "new"), (30, "settled"), (900, "settled")])
def test_a_member_is_compared_with_those_of_the_same_tenure(days, tenure):
    at = seen("earn", account(age_ms=days * DAY_MS), program_id="p")
    assert segment(at) == ("p", "earn", tenure)


# ---------------------------------------------------------------- wherever the history is kept

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROFILE = Profile(email="a@example.org", phone="+49301234567", given_name="Ada", family_name="Quist")


def life() -> Iterator[Event]:
    """Half a year of two members and a device in common, with everything a vector reads."""
    numbers = count()

    def at(days: float, kind: str, account_id: str = "m-1", points: int | None = 100, **more) -> Event:
        return Event(
            event_id=f"e-{next(numbers)}", type=kind, occurred_at=START + timedelta(days=days), account_id=account_id,
            points=points, **more,
        )  # fmt: skip

    phone, home = Device(id="phone"), Location(lat=52.5, lon=13.4, country="DE")
    yield at(0, "signup", points=None, profile=PROFILE, device=phone, ip="192.0.2.7")
    yield at(0.1, "signup", "m-2", None, device=phone)
    for week in range(26):
        paid = Money(1_000 + week, "EUR")
        yield at(7 * week + 1, "earn", points=100 + week, money=paid, store_id=f"s-{week % 3}", location=home)
    yield at(150, "login_failed", points=None, ip="198.51.100.1")
    yield at(150.01, "profile_change", points=None, profile=replace(PROFILE, email="b@example.org"))
    yield at(150.1, "transfer", "m-2", 40, counterparty_account_id="m-1", payment_instrument_id="card")
    yield at(150.2, "return", points=90, money=Money(-900, "EUR"))
    yield at(150.3, "redeem", points=1_500, balance_before=2_500, device=Device(id="new"), ip="198.51.100.1",
             location=Location(lat=48.9, lon=2.4, country="FR"), payment_instrument_id="card")  # fmt: skip


async def test_valkey_and_memory_give_the_same_bytes(pipeline):
    """What is replayed from a file is what would have been scored live."""
    await settle_in(pipeline)
    stores = (MemoryHistory(), ValkeyHistory(pipeline))
    programme, sighter = Programme(DEFAULT, CATALOGUE), Sighter(bytes(32), "DE")
    told = set()
    for event in life():
        sighted = sighter.sight(event)
        seen_by = [await store.observe(sighted.sighting) for store in stores]
        one, other = (programme.snapshot(event, sighted, each.entities).vector for each in seen_by)
        assert one == other, event
        told.add(one)
    assert len(told) > 30, "and they differ from event to event"


@given(st.binary(max_size=200).filter(lambda packed: len(packed) != 4 * len(FEATURES)))
def test_a_vector_of_another_length_is_none_of_ours(packed):
    with pytest.raises(Exception, match="unpack"):
        values(packed)
