"""How well a member knows what it meets: by when it was first seen, never by what the event claims."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from detectors.acquaintance import (
    CROWD,
    address_known_ms,
    contact_changed_ms,
    has_settled,
    here,
    is_abroad,
    journey,
    known_ms,
    member_ms,
    nearest_km,
    silence_days,
)  # fmt: skip
from detectors.snapshot import Cell, Entity, Fact, Peer, Series
from tests.detectors.snapshots import (
    DAY_MS,
    HOUR_MS,
    NOW_MS,
    OWN_KEY,
    account,
    met,
    peers,
    place,
    seen,
    series,
    snapshots,
)  # fmt: skip

thorough = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BERLIN, PARIS, POTSDAM = place(52.5, 13.4, "DE"), place(48.9, 2.4, "FR"), place(52.4, 13.1, "DE")
FRANCE = place(None, None, "FR")
AWAKE_MS = 72 * HOUR_MS


def been(*where: Peer, role="place", **more):
    return replace(account(**more), peers={role: list(where)})


def now_at(key, member, role="place"):
    return seen("redeem", member, met={role: key})


# ---------------------------------------------------------------- what is met


def test_what_is_met_is_known_since_it_was_first_seen():
    member = been(met("1" * 16, 5 * DAY_MS), role="device")
    assert known_ms(now_at("1" * 16, member, "device"), "device") == 5 * DAY_MS
    assert known_ms(now_at("2" * 16, member, "device"), "device") == 0, "never seen"
    assert known_ms(seen("redeem", member), "device") is None, "none is named"


def test_a_member_has_settled_with_something_else_than_what_it_meets():
    """The only device one has cannot be strange to one, nor can a second of the same day."""
    old, new = met("1" * 16, 30 * DAY_MS), met("2" * 16, HOUR_MS)
    assert has_settled(now_at(new.key, been(old, new, role="device"), "device"), "device")
    assert not has_settled(now_at(old.key, been(old, new, role="device"), "device"), "device")
    assert not has_settled(now_at(new.key, been(new, role="device"), "device"), "device")


def test_an_address_is_known_by_who_was_seen_there():
    own = met(OWN_KEY, 9 * DAY_MS)
    known = seen("login", account(), points=None, ip=Entity(peers={"account": [*peers(3), own]}))
    assert address_known_ms(known) == 9 * DAY_MS
    assert address_known_ms(replace(known, ip=Entity(peers={"account": peers(3)}))) == 0
    assert address_known_ms(replace(known, ip=None)) is None


def test_an_address_of_a_crowd_does_not_say_who_is_new():
    """It remembers only so many: who is missing there may have been forgotten."""
    crowd = Entity(peers={"account": peers(CROWD)})
    assert address_known_ms(seen("login", account(), points=None, ip=crowd)) is None
    smaller = Entity(peers={"account": peers(CROWD - 1)})
    assert address_known_ms(seen("login", account(), points=None, ip=smaller)) == 0


@pytest.mark.parametrize(
    ("facts", "changed_ms"),
    [
        ({}, None),
        ({"email": Fact(b"first", NOW_MS - 200 * DAY_MS, None)}, None),
        ({"email": Fact(b"first", NOW_MS - HOUR_MS, None)}, HOUR_MS),
        ({"email": Fact(b"next", NOW_MS - HOUR_MS, NOW_MS - HOUR_MS)}, HOUR_MS),
        ({"email": Fact(b"next", NOW_MS - HOUR_MS, NOW_MS - HOUR_MS),
          "phone": Fact(b"next", NOW_MS - DAY_MS, NOW_MS - DAY_MS)}, HOUR_MS),
    ],
    ids=["none", "given at sign-up", "first told long after", "changed", "the latest counts"],
)  # fmt: skip
def test_a_contact_first_told_long_after_sign_up_is_a_change(facts, changed_ms):
    assert contact_changed_ms(seen("redeem", replace(account(), facts=facts))) == changed_ms


# ---------------------------------------------------------------- places


def test_a_journey_is_from_the_last_other_place():
    member = been(
        met(BERLIN, 90 * DAY_MS, 2 * HOUR_MS), met(POTSDAM, 90 * DAY_MS, 50 * HOUR_MS), met(PARIS, 0)
    )
    way = journey(now_at(PARIS, member))
    assert way.km == pytest.approx(878, abs=79)
    assert way.hours == 2
    assert journey(now_at(BERLIN, been(met(BERLIN, DAY_MS, HOUR_MS)))) is None, "stayed"
    assert journey(seen("redeem", member)) is None, "nowhere"


def test_a_country_alone_is_no_place_to_travel_from():
    """The last place with degrees counts; a phone call from somewhere in France does not."""
    member = been(met(BERLIN, 90 * DAY_MS, 5 * HOUR_MS), met(FRANCE, 90 * DAY_MS, HOUR_MS))
    assert journey(now_at(PARIS, member)).hours == 5
    assert journey(now_at(FRANCE, member)) is None


def test_an_event_that_came_late_is_as_long_a_way():
    """The hours between two places are the same, whichever was told first."""
    member = been(Peer(BERLIN, NOW_MS - DAY_MS, NOW_MS + 3 * HOUR_MS))
    assert journey(now_at(PARIS, member)).hours == 3


def test_the_nearest_place_is_one_the_member_knows_well():
    member = been(met(BERLIN, 90 * DAY_MS), met(POTSDAM, HOUR_MS), met(PARIS, 0))
    assert nearest_km(now_at(PARIS, member)) == pytest.approx(878, abs=79)
    assert nearest_km(now_at(BERLIN, member)) == 0
    assert nearest_km(now_at(PARIS, been(met(PARIS, 0)))) is None, "nothing is known yet"
    assert nearest_km(now_at(FRANCE, member)) is None


@pytest.mark.parametrize(
    ("where", "abroad"), [(PARIS, True), (FRANCE, True), (POTSDAM, False), (place(48.9, 2.4), False)]
)
def test_abroad_is_a_country_new_to_the_member(where, abroad):
    home = met(BERLIN, 90 * DAY_MS)
    assert is_abroad(now_at(where, been(home, met(where, 0)))) == abroad
    assert not is_abroad(now_at(where, been(home, met(where, 30 * DAY_MS)))), "long known"
    assert not is_abroad(now_at(where, been(met(where, 0)))), "the first ever seen"


def test_where_an_event_says_nothing_it_is_nowhere():
    assert here(seen("redeem", account())) is None
    assert here(now_at(FRANCE, account())).country == "FR"


# ---------------------------------------------------------------- silence


@pytest.mark.parametrize(
    ("ages_d", "days"),
    [((0, 10, 20), 10), ((0, 1, 2, 50), 48), ((0,), 200), ((), 200), ((0, 2.9, 199), 196.1)],
    ids=["a fortnight", "woke two days ago", "never before", "not even now", "half a year"],
)
def test_silence_is_what_lies_before_the_member_woke(ages_d, days):
    member = account({"login": series(*(int(day * DAY_MS) for day in ages_d))}, age_ms=200 * DAY_MS)
    assert silence_days(seen("redeem", member), AWAKE_MS) == pytest.approx(days)


@pytest.mark.parametrize("kind", ["expire", "adjust", "received"])
def test_what_happens_to_a_sleeper_wakes_nobody(kind):
    asleep = account({"login": series(0), kind: series(5 * DAY_MS, 60 * DAY_MS)}, age_ms=200 * DAY_MS)
    assert silence_days(seen("redeem", asleep), AWAKE_MS) == 200


@pytest.mark.parametrize("role", ["device", "store", "place", "payment"])
def test_whatever_was_last_met_breaks_the_silence(role):
    """Series reach back a month; that a store was visited in spring is remembered for longer."""
    member = replace(
        account({"login": series(0)}, age_ms=400 * DAY_MS),
        peers={role: [met("1" * 16, 300 * DAY_MS, 90 * DAY_MS)]},
    )
    assert silence_days(seen("redeem", member), AWAKE_MS) == 90


def test_older_events_folded_into_a_cell_break_it_too():
    folded = Series([NOW_MS], [10], [Cell(NOW_MS - 20 * DAY_MS, DAY_MS, 3, 30)])
    assert silence_days(seen("earn", account({"earn": folded})), AWAKE_MS) == 19


def test_a_newcomer_was_never_silent():
    assert silence_days(seen("redeem", account(age_ms=HOUR_MS)), AWAKE_MS) == 0


@thorough
@given(snapshots, st.integers(0, 10 * DAY_MS))
def test_ages_and_silences_are_never_negative(any_seen, awake_ms):
    assert silence_days(any_seen, awake_ms) >= 0
    assert member_ms(any_seen) >= 0
    for role in ("device", "store", "place", "payment"):
        age = known_ms(any_seen, role)
        assert age is None or age >= 0
    way = journey(any_seen)
    assert way is None or (way.km >= 0 and way.hours >= 0)
