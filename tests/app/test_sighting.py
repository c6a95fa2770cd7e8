"""What an event leaves where: keyed hashes and nothing else, the same for the same, apart for each programme."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.intake import read_event
from app.ports.sighting import Sighting
from app.sighting import LISTED_KINDS, Sighter, network
from app.store.packing import FACTS, KINDS, PEERS, ROLES
from app.store.valkey import entity_keys, observing
from detectors.event import Device, Event, EventType, Location, Profile
from detectors.places import Place, place_of
from detectors.snapshot import Traits

MASTER = bytes(range(32))
SIGHTER = Sighter(MASTER, "DE")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROFILE = Profile(
    email="canary.mail@example.com",
    phone="+49 170 1234567",
    given_name="Canarygiven",
    family_name="Canaryfamily",
    date_of_birth="1971-02-03",
    street="Canarystraße 5",
    postcode="10115",
    city="Canarytown",
    country="DE",
)
FULL = Event(
    event_id="canary-event",
    type="transfer",
    occurred_at=AT,
    account_id="canary-account",
    points=40,
    device=Device(id="canary-device", user_agent="canary-agent"),
    ip="203.0.113.77",
    payment_instrument_id="canary-payment",
    counterparty_account_id="canary-counterparty",
    session_id="canary-session",
    store_id="canary-store",
    profile=PROFILE,
    metadata={"canary-name": "canary-value"},
)


def touches(event: Event, sighter: Sighter = SIGHTER) -> dict[str, bytes]:
    """Role → key of everything the event touches."""
    return {touch.role: touch.key for touch in sighter.sight(event).sighting.touches}


def everything_sent(sighting: Sighting) -> bytes:
    """The very bytes that go to the hot store."""
    return observing(sighting, entity_keys(sighting)) + sighting.event_key + sighting.body_hash


def test_every_entity_an_event_names_is_touched_the_account_first():
    sighted = SIGHTER.sight(FULL).sighting
    assert sighted.touches[0].role == "account"
    assert set(touches(FULL)) == set(ROLES)
    assert len({touch.key for touch in sighted.touches}) == len(ROLES)


def test_no_raw_identifier_goes_to_the_hot_store():
    """Neither as given nor in any canonical form, in text or in digits."""
    sent = everything_sent(SIGHTER.sight(FULL).sighting).lower()
    for canary in (b"canary", b"example.com", b"1701234567", b"203.0.113", b"1971", b"10115"):
        assert canary not in sent


@given(st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=6, max_size=40))
def test_no_identifier_whatever_goes_to_the_hot_store(name):
    name = f"canary-{name}"
    event = replace(
        FULL,
        account_id=name,
        device=Device(id=name),
        payment_instrument_id=name,
        counterparty_account_id=name,
    )
    assert name.encode() not in everything_sent(SIGHTER.sight(event).sighting)


def test_programmes_share_no_key_and_installations_neither():
    elsewhere = touches(replace(FULL, program_id="other"))
    other_key = touches(FULL, Sighter(MASTER[::-1], "DE"))
    here = touches(FULL)
    assert not set(here.values()) & set(elsewhere.values())
    assert not set(here.values()) & set(other_key.values())
    assert SIGHTER.event_key("default", "e") != SIGHTER.event_key("other", "e")
    traits = {
        sighted.traits for sighted in (SIGHTER.sight(FULL), SIGHTER.sight(replace(FULL, program_id="o")))
    }
    assert len(traits) == 2


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_programmes_with_any_names_have_keys_of_their_own(one, other):
    """However their names are spelled: separators are no way from one to the other."""
    assert (SIGHTER.digest(one, "account", "m") == SIGHTER.digest(other, "account", "m")) == (one == other)


def test_one_value_in_two_roles_is_two_entities():
    same = replace(FULL, account_id="x", device=Device(id="x"), payment_instrument_id="x")
    keys = touches(same)
    assert len({keys["account"], keys["device"], keys["payment"]}) == 3


# ---------------------------------------------------------------- addresses of the network


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        ("203.0.113.77", "203.0.113.77"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:DB8:1:2::FFFF", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("::ffff:203.0.113.77", "203.0.113.77"),
        ("fe80::1%eth0", "fe80::"),
    ],
)
def test_an_ipv6_customer_is_a_64_and_an_ipv4_one_an_address(ip, expected):
    assert network(ip) == expected


@given(st.ip_addresses(v=6, network="2001:db8:1:2::/64"))
def test_every_address_of_a_64_is_one_entity(address):
    ours = touches(replace(FULL, ip=str(address)))["ip"]
    assert ours == touches(replace(FULL, ip="2001:db8:1:2::"))["ip"]
    assert ours != touches(replace(FULL, ip="2001:db8:1:1:ffff:ffff:ffff:ffff"))["ip"]


# ---------------------------------------------------------------- lists

LISTED = {
    "account": ["canary-account"],
    "device": ["canary-device"],
    "ip": ["203.0.113.77", "::ffff:203.0.113.77"],
    "payment": ["canary-payment"],
    "email": ["canary.mail@example.com", " Canary.Mail@EXAMPLE.com "],
    "phone": ["+491701234567", "0170 1234567"],
    "address": ["Canarystraße 5, 10115, DE", "5 canarystr., 10115", "Canarystrasse 5, D-10115, de"],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in LISTED for value in LISTED[kind]])
def test_a_listed_value_is_the_entity_that_events_touch(kind, value):
    """As a person would write it."""
    assert SIGHTER.digest("default", kind, value) == touches(FULL)[kind]


def test_every_kind_that_can_be_listed_is_held_to_that():
    assert set(LISTED) == set(LISTED_KINDS)


def test_an_address_without_a_postcode_is_known_by_its_city():
    event = replace(FULL, profile=replace(PROFILE, postcode=None))
    assert SIGHTER.digest("default", "address", "Canarystr. 5, Canarytown") == touches(event)["address"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("email", "nobody"), ("phone", "12"), ("address", "Canarystr. 5"), ("ip", "300.1.1.1"), ("address", "")],
)
def test_what_is_no_value_of_its_kind_is_refused(kind, value):
    with pytest.raises(ValueError):
        SIGHTER.digest("default", kind, value)


# ---------------------------------------------------------------- the same event


@pytest.mark.parametrize(("synonym", "kind"), [("accrue", "earn"), ("burn", "redeem"), ("refund", "return")])
def test_synonyms_are_the_same_event(synonym, kind):
    def body(spelled):
        raw = {"event_id": "e", "type": spelled, "occurred_at": "2026-03-01T12:00:00Z"}
        raw |= {"account_id": "m", "points": 5}
        event = read_event(msgspec.json.encode(raw), now_ms=None, default_program="default")
        return SIGHTER.sight(event).sighting

    assert body(synonym) == body(kind)


def test_the_same_instant_in_another_zone_lies_at_the_same_millisecond():
    there = replace(FULL, occurred_at=AT.astimezone(timezone(timedelta(hours=5, minutes=45))))
    assert SIGHTER.sight(there).sighting.at_ms == SIGHTER.sight(FULL).sighting.at_ms


@pytest.mark.parametrize("changed", [{"points": 41}, {"session_id": "another"}, {"metadata": None}])
def test_another_body_has_another_hash_and_the_same_claim(changed):
    one, other = SIGHTER.sight(FULL).sighting, SIGHTER.sight(replace(FULL, **changed)).sighting
    assert one.event_key == other.event_key
    assert one.body_hash != other.body_hash


# ---------------------------------------------------------------- what goes with it


def test_traits_tell_the_same_person_and_nothing_else():
    """Zero where nothing is known, never zero where something is; the same however it is spelled."""
    sighted = SIGHTER.sight(FULL)
    assert all(sighted.traits)
    assert SIGHTER.sight(replace(FULL, profile=None)).traits == Traits()
    spelled = replace(PROFILE, given_name="  CANARYGIVEN ", street="canarystr. 5")
    assert SIGHTER.sight(replace(FULL, profile=spelled)).traits == sighted.traits
    other = SIGHTER.sight(replace(FULL, profile=replace(PROFILE, given_name="Other"))).traits
    assert (other.given_name != sighted.traits.given_name, other[1:]) == (True, sighted.traits[1:])


def test_a_throw_away_domain_is_noted():
    disposable = replace(PROFILE, email="a@mailinator.com")
    assert SIGHTER.sight(replace(FULL, profile=disposable)).disposable_email
    assert not SIGHTER.sight(FULL).disposable_email
    assert not SIGHTER.sight(replace(FULL, profile=None)).disposable_email


def places(event: Event) -> list[Place]:
    """Where the account was seen with this event."""
    account = SIGHTER.sight(event).sighting.touches[0]
    return [place_of(peer.key.hex()) for peer in account.peers if peer.role == "place"]


def test_where_it_happened_is_kept_coarsely():
    """Half a degree and a country: the house cannot be read from it."""
    here = replace(FULL, location=Location(lat=52.5203, lon=13.4049, country="DE"))
    assert places(here) == [Place(52.5, 13.5, "DE")]
    across_the_street = replace(FULL, location=Location(lat=52.5210, lon=13.4060, country="DE"))
    assert places(across_the_street) == places(here)


def test_where_the_caller_says_nothing_the_address_says_the_country():
    """And what the caller says counts before it; a documentation address is in no country."""
    said = Location(lat=48.9, lon=2.4)
    assert places(replace(FULL, ip="193.99.144.80", location=None)) == [Place(None, None, "DE")]
    assert places(replace(FULL, ip="193.99.144.80", location=said)) == [Place(49.0, 2.5, "DE")]
    abroad = Location(country="FR")
    assert places(replace(FULL, ip="193.99.144.80", location=abroad)) == [Place(None, None, "FR")]
    assert places(replace(FULL, ip="203.0.113.77", location=None)) == []


def test_a_store_is_met_by_its_keyed_hash():
    account = SIGHTER.sight(FULL).sighting.touches[0]
    (store,) = [peer.key for peer in account.peers if peer.role == "store"]
    (elsewhere,) = [
        peer.key
        for peer in SIGHTER.sight(replace(FULL, program_id="other")).sighting.touches[0].peers
        if peer.role == "store"
    ]
    assert store != elsewhere
    assert len(store) == len(elsewhere) == 8


def test_who_meets_whom():
    """Shared entities meet the account, the account meets what is its own; nobody remembers an address of the network."""
    by_role = {touch.role: touch for touch in SIGHTER.sight(FULL).sighting.touches}
    me = by_role["account"].key
    assert {peer.role for peer in by_role["account"].peers} == {"device", "payment", "counterparty", "store"}
    for role in ("device", "ip", "payment", "email", "phone", "address", "name_dob"):
        assert [(peer.role, peer.key) for peer in by_role[role].peers] == [("account", me)]
    assert [(peer.role, peer.key) for peer in by_role["counterparty"].peers] == [("counterparty", me)]
    assert by_role["counterparty"].kind == "received"


@pytest.mark.parametrize("kind", sorted(set(get_args(EventType)) - {"accrue", "burn", "refund"}))
def test_the_hot_store_has_a_letter_for_everything_a_sighting_can_name(kind):
    for touch in SIGHTER.sight(replace(FULL, type=kind)).sighting.touches:
        assert touch.role in ROLES
        assert touch.kind in KINDS
        assert {peer.role for peer in touch.peers} <= set(PEERS)
        assert {name for name, _ in touch.facts} <= set(FACTS)
