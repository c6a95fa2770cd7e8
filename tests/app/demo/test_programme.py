from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import datetime
from math import cos, hypot, radians

import iptocc
import msgspec
import phonenumbers
import polars as pl
import pytest
from click.testing import CliRunner

from app.demo.__main__ import main
from app.demo.chance import Chance
from app.demo.networks import CARRIER, HOME, HOSTED, address_in
from app.demo.programme import generate, write
from app.demo.typologies import CATALOGUE
from app.intake import canonical_bytes, read_event
from detectors.event import Event

END_MS = 1_795_262_400_000
TYPOLOGIES = {
    "ato_drain", "probe_drain", "card_clone", "cred_stuff", "dormant_hijack", "signup_farm", "referral_ring",
    "transfer_mule", "brokering", "cashier_self", "agent_credit", "partner_collusion", "earn_burn_return",
    "fake_receipt", "promo_stack", "bot_velocity", "pool_abuse", "tier_gaming", "gamify", "double_earn", "stolen_card",
    "social_eng",
}  # fmt: skip
TRAITS = {
    "household", "tablet_signup", "carrier_nat", "commuter", "traveller", "new_phone", "saver", "dormant", "returner",
    "office_nat", "student_hall", "campaign", "referrer", "influencer", "newcomer", "leaver",
    "regular", "wedding", "touched",
    "fraudster",
}  # fmt: skip
FASTEST_KMH = 1_000
"""A little more than a plane: the map is flat, and phones are a few kilometres from where they seem."""
NEAR_KM = 80
"""Below it speed says nothing: two readings of one place may lie this far apart within a minute."""


def as_bytes(programme):
    return msgspec.json.encode(
        [programme.events, programme.labels, [m.account_id for m in programme.members]]
    )


def test_the_same_seed_makes_the_same_bytes_in_another_process_too(small):
    """Nothing may hang on the order of a set, which differs from process to process."""
    code = (
        "import hashlib, msgspec; from app.demo.programme import generate\n"
        f"p = generate(seed=5, members=300, days=30, end_ms={END_MS})\n"
        "print(hashlib.sha256(msgspec.json.encode("
        "[p.events, p.labels, [m.account_id for m in p.members]])).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "77"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == hashlib.sha256(as_bytes(small)).hexdigest()


def test_another_seed_shares_no_id(small):
    other = generate(seed=6, members=300, days=30, end_ms=END_MS)
    for name in ("event_id", "account_id", "session_id", "receipt_id", "store_id"):
        mine = {event.get(name) for event in small.events} - {None}
        theirs = {event.get(name) for event in other.events} - {None}
        assert mine
        assert not mine & theirs


def test_every_event_passes_the_intake_unchanged(large):
    for event in large.events:
        raw = msgspec.json.encode(event)
        read = read_event(raw, now_ms=END_MS, default_program="default")
        assert isinstance(read, Event), (event, read)
        told = msgspec.json.decode(canonical_bytes(read))
        told.pop("program_id", None)
        given = dict(event)
        device = given.get("device")
        told_at, given_at = told.pop("occurred_at"), str(given.pop("occurred_at"))
        assert datetime.fromisoformat(told_at) == datetime.fromisoformat(given_at)
        assert told == given, device


def test_events_are_in_order_within_the_window_and_their_ids_are_unique(large):
    instants = [event["occurred_at"] for event in large.events]
    assert instants == sorted(instants)
    assert datetime.fromisoformat(instants[0]).timestamp() * 1_000 >= END_MS - 120 * 86_400_000
    assert datetime.fromisoformat(instants[-1]).timestamp() * 1_000 < END_MS
    assert len({event["event_id"] for event in large.events}) == len(large.events)


def test_balances_are_true_and_only_returns_overdraw_them(large):
    """What is told before an event is what the events before it left; a cold account's opening is its first word."""
    balances: dict[str, int] = {}
    owed: dict[str, int] = defaultdict(int)
    for event in large.events:
        account, kind, points = event["account_id"], event["type"], event.get("points", 0)
        told = event.get("balance_before")
        if account in balances and told is not None:
            assert told == balances[account], event
        elif told is not None:
            balances[account] = told
        if kind in {"redeem", "transfer", "expire"} and told is not None:
            assert 0 < points <= told
        change = points if kind in {"earn", "purchase", "adjust"} else -points
        if account in balances:
            balances[account] += change
            assert balances[account] >= 0 or kind == "return" or owed[account], event
            owed[account] = balances[account] < 0
        if kind == "transfer" and event["counterparty_account_id"] in balances:
            balances[event["counterparty_account_id"]] += points
        elif kind == "transfer":
            balances.pop(event["counterparty_account_id"], None)
    assert len(balances) > 2_000


def test_every_typology_has_incidents_and_every_label_an_event(large):
    assert set(CATALOGUE) == TYPOLOGIES
    by_id = {event["event_id"]: event for event in large.events}
    incidents: dict[str, set[str]] = defaultdict(set)
    for label in large.labels:
        assert by_id[label.event_id]["account_id"] == label.account_id
        assert by_id[label.event_id].get("points", 0) == label.points
        incidents[label.typology].add(label.incident_id)
    assert {name: len(found) for name, found in incidents.items() if len(found) < 3} == {}
    assert set(incidents) == TYPOLOGIES
    assert len({label.event_id for label in large.labels}) == len(large.labels)


def test_an_incident_is_of_one_typology_and_no_two_of_a_typology_are_alike(large):
    shapes: dict[str, Counter] = defaultdict(Counter)
    typology: dict[str, str] = {}
    for label in large.labels:
        assert typology.setdefault(label.incident_id, label.typology) == label.typology
        shapes[label.incident_id][label.points] += 1
    seen: dict[str, set] = defaultdict(set)
    for incident, shape in shapes.items():
        key = tuple(sorted(shape.items()))
        assert key not in seen[typology[incident]] or len(shape) == 1
        seen[typology[incident]].add(key)


def test_every_way_of_life_is_there_and_touched_members_are_few(large):
    traits = Counter(trait for member in large.members for trait in member.traits)
    assert set(traits) == TRAITS
    assert min(traits.values()) >= 3
    assert len(large.members) == 3_000 + traits["fraudster"]
    assert traits["touched"] < 3_000 * 0.15


def test_without_fraud_nothing_is_labelled():
    made = generate(seed=8, members=60, days=14, end_ms=END_MS, fraud_share=0)
    assert made.labels == []
    assert len(made.members) == 60
    assert made.events


def test_nobody_honest_outruns_a_plane(large):
    """Members who share no card, tablet or incident with anybody: travellers and commuters among them."""
    alone = {m.account_id for m in large.members if not m.traits & {"household", "fraudster", "touched"}}
    last: dict[str, tuple[datetime, dict]] = {}
    compared = 0
    for event in large.events:
        place, account = event.get("location"), event["account_id"]
        if place is None or account not in alone:
            continue
        at = datetime.fromisoformat(event["occurred_at"])
        if account in last:
            before, there = last[account]
            east = (place["lon"] - there["lon"]) * cos(radians((place["lat"] + there["lat"]) / 2))
            km = 111.2 * hypot(place["lat"] - there["lat"], east)
            hours = (at - before).total_seconds() / 3_600
            assert km < NEAR_KM or km / hours < FASTEST_KMH, (account, km, hours)
            compared += 1
        last[account] = (at, place)
    assert compared > 5_000


@pytest.mark.parametrize("ranges", [HOME, CARRIER, HOSTED], ids=["home", "carrier", "hosted"])
def test_addresses_belong_to_the_country_they_are_drawn_for(ranges):
    chance = Chance.of(1, "addresses")
    for country, networks in ranges.items():
        found = Counter(
            iptocc.country_code([address_in(chance, [net]) for net in networks for _ in range(100)])
        )
        assert set(found) == {country}


def test_telephone_numbers_are_valid_where_they_belong(large):
    seen = 0
    for event in large.events:
        profile = event.get("profile", {})
        if event["type"] == "signup" and "phone" in profile:
            number = phonenumbers.parse(profile["phone"])
            assert phonenumbers.is_valid_number(number), profile["phone"]
            assert phonenumbers.region_code_for_number(number) == profile["country"], profile["phone"]
            seen += 1
    assert seen > 100


def test_one_tablet_signs_up_many_and_one_gateway_serves_hundreds(large):
    tablets: dict[str, set] = defaultdict(set)
    addresses: dict[str, set] = defaultdict(set)
    for event in large.events:
        if event["type"] == "signup" and event["channel"] == "kiosk":
            tablets[event["device"]["id"]].add(event["account_id"])
        if event.get("channel") == "app":
            addresses[event["ip"]].add(event["account_id"])
    assert max(len(who) for who in tablets.values()) >= 5
    assert max(len(who) for who in addresses.values()) >= 50


def test_files_hold_what_was_made(small, tmp_path):
    write(small, tmp_path)
    lines = (tmp_path / "events.ndjson").read_bytes().splitlines()
    assert [msgspec.json.decode(line) for line in lines] == small.events
    table = pl.read_parquet(tmp_path / "events.parquet")
    assert table.height == len(small.events)
    assert table["event_id"].to_list() == [event["event_id"] for event in small.events]
    assert {"money.amount_minor", "device.id", "location.lat", "profile.email"} <= set(table.columns)
    assert not set(table.columns) & {"label", "typology", "incident_id", "traits"}
    assert pl.read_parquet(tmp_path / "labels.parquet").height == len(small.labels)
    assert pl.read_parquet(tmp_path / "members.parquet").height == len(small.members)


def test_the_command_writes_files_and_teaches(tmp_path):
    done = CliRunner().invoke(
        main, ["--out", str(tmp_path), "--members", "50", "--days", "10", "--end", "2026-01-01"]
    )
    assert done.exit_code == 0, done.output
    assert {"events.ndjson", "events.parquet", "labels.parquet", "members.parquet"} == {
        p.name for p in tmp_path.iterdir()
    }
    assert "python -m app.demo --out" in CliRunner().invoke(main, ["--help"]).output
    assert CliRunner().invoke(main, ["--members", "50"]).exit_code == 2
