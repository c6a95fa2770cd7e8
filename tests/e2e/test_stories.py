"""Ordinary lives that must pass and plain abuse that must not, under the default policy, through the real service."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.e2e.events import event, evidence, fresh, instant

NETWORKS = (f"2001:db8:{n:x}::1" for n in range(1, 65_536))
"""Each story has a network of its own, for the service is shared by all tests of a session."""
GIVEN = ("Ada", "Bo", "Cem", "Dora", "Emil", "Finn", "Gerd", "Hana")
FAMILY = ("Quist", "Lindahl", "Aydin", "Vogel", "Haas", "Brandt", "Okoro", "Petrov")


@pytest.fixture
def decide(client):
    """A function that has one event decided."""

    def one(kind, member, **rest):
        return client.decide(event(kind, member, **rest)).json

    return one


@pytest.fixture
def happened(client):
    """A function that tells history, in the order given."""

    def tell(rows):
        assert client.ask("POST", "/v1/events", rows).status == 202

    return tell


def not_allowed(decisions):
    """Number, decision and codes of every decision but plain `allow`."""
    return [
        (n, one["decision"], [reason["code"] for reason in one["reasons"]])
        for n, one in enumerate(decisions, 1)
        if one["decision"] != "allow"
    ]


def person(given, family, born, **rest):
    mail = f"{given.lower()}-{uuid4().hex[:8]}@example.org"
    return {"given_name": given, "family_name": family, "date_of_birth": born, "email": mail} | rest


def strangers(number):
    """People who have nothing in common."""
    return [
        person(
            f"{GIVEN[n % 8]}{fresh('')[1:5]}", f"{FAMILY[n // 8 % 8]}{n}", f"19{55 + n}-0{1 + n % 9}-1{n % 9}"
        )
        for n in range(number)
    ]


# ---------------------------------------------------------------- ordinary lives


def test_a_family_of_four_joins_in_one_evening(decide):
    """One tablet, the home network, one address and one family name."""
    shared = {"device": {"id": fresh("tablet")}, "ip": next(NETWORKS), "channel": "app"}
    house = {"street": f"{fresh('Weg')} 7", "postcode": "10115", "city": "Berlin", "country": "DE"}
    family = [("Ines", "1984-06-19"), ("Olaf", "1981-10-22"), ("Mia", "2009-02-03"), ("Ben", "2011-08-30")]
    decisions = [
        decide(
            "signup", fresh(), occurred_at=instant(minutes=70 - 15 * n),
            profile=person(given, "Winkler", born, **house), **shared,
        )
        for n, (given, born) in enumerate(family)
    ]  # fmt: skip
    assert not_allowed(decisions) == []


@pytest.mark.parametrize("told", [True, False], ids=["balance told", "balance not told"])
def test_a_saver_burns_nearly_everything_before_the_holidays(decide, happened, told):
    """95 % after a year of weekly earning."""
    saver = fresh()
    happened([event("earn", saver, points=100, occurred_at=instant(days=7 * n)) for n in range(52, 0, -1)])
    balance = {"balance_before": 5_200} if told else {}
    assert not_allowed([decide("redeem", saver, points=4_940, **balance)]) == []


def test_a_saver_who_was_given_points_burns_them(decide, happened):
    """More than was ever earned, for most of it came from another member long ago."""
    saver, giver = fresh(), fresh()
    earned = [event("earn", saver, points=100, occurred_at=instant(days=120 - 5 * n)) for n in range(20)]
    gifts = [
        event(
            "transfer", giver, counterparty_account_id=saver, points=3_000, occurred_at=instant(days=45 - n)
        )
        for n in range(3)
    ]
    happened(earned + gifts)
    decision = decide("redeem", saver, points=9_000)
    assert not any("missing_points" in reason["evidence"] for reason in decision["reasons"])
    assert not_allowed([decision]) == []


def test_an_office_logs_in_from_one_address(decide):
    """Forty members within ten minutes, two of whom mistype."""
    office = next(NETWORKS)
    decisions = [
        decide(
            "login_failed" if n in {11, 30} else "login", fresh(), ip=office, channel="web",
            device={"id": fresh("d")}, occurred_at=instant(seconds=580 - 14 * n),
        )
        for n in range(40)
    ]  # fmt: skip
    assert not_allowed(decisions) == []


def test_a_store_tablet_signs_up_thirty_a_day(decide):
    tablet = {
        "device": {"id": fresh("tablet")},
        "ip": next(NETWORKS),
        "channel": "pos",
        "store_id": fresh("s"),
    }
    decisions = [
        decide("signup", fresh(), profile=one, occurred_at=instant(minutes=600 - 19 * n), **tablet)
        for n, one in enumerate(strangers(30))
    ]
    assert not_allowed(decisions) == []


def test_a_commuter_earns_four_times_a_day(decide):
    commuter = fresh()
    hours = [24 * day + hour for day in range(9, -1, -1) for hour in (15, 14, 6, 1)]
    assert (
        not_allowed([decide("earn", commuter, points=20, occurred_at=instant(hours=hour)) for hour in hours])
        == []
    )


def test_a_member_returns_one_item_a_month(decide):
    member, decisions = fresh(), []
    for month in range(6, 0, -1):
        decisions += [
            decide("earn", member, points=90, occurred_at=instant(days=30 * month - 7 * week))
            for week in range(4)
        ]
        decisions.append(decide("return", member, points=90, occurred_at=instant(days=30 * month - 25)))
    assert not_allowed(decisions) == []


# ---------------------------------------------------------------- plain abuse


@pytest.mark.parametrize("shared", ["device", "payment"])
def test_eight_welcome_bonuses_for_one_hand_are_noticed(decide, shared):
    """On one device, or on one payment card, within two hours."""
    own = {"device": {"device": {"id": fresh("d")}}, "payment": {"payment_instrument_id": fresh("card")}}
    decisions = [
        decide(
            "signup", fresh(), profile=one, channel="web", ip=next(NETWORKS),
            occurred_at=instant(minutes=110 - 14 * n), **own[shared],
        )
        for n, one in enumerate(strangers(8))
    ]  # fmt: skip
    assert decisions[0]["decision"] == "allow"
    assert [n for n, _, _ in not_allowed(decisions)][-4:] == [5, 6, 7, 8]


def test_twelve_redemptions_in_an_hour_are_noticed(decide):
    member = fresh()
    decisions = [decide("redeem", member, occurred_at=instant(minutes=55 - 5 * n)) for n in range(12)]
    assert [n for n, _, _ in not_allowed(decisions)] == [*range(6, 13)]


def test_returning_what_was_redeemed_twice_is_noticed(decide, happened):
    member = fresh()
    happened([event("earn", member, points=600, occurred_at=instant(days=20 - n)) for n in range(2)])
    decide("redeem", member, points=1_200, occurred_at=instant(days=3))
    decisions = [decide("return", member, points=600, occurred_at=instant(hours=hours)) for hours in (5, 1)]
    assert all(evidence(one, "RETURN_AFTER_REDEEM") for one in decisions)
    assert decisions[-1]["decision"] != "allow"


def test_thirty_accounts_failing_from_one_address_are_noticed(decide):
    attacker = next(NETWORKS)
    decisions = [
        decide("login_failed", fresh(), ip=attacker, channel="web", occurred_at=instant(seconds=590 - 19 * n))
        for n in range(30)
    ]
    assert [n for n, _, _ in not_allowed(decisions)] == [*range(10, 31)]
    assert evidence(decisions[-1], "VELOCITY_LOGIN_FAILED_ACCOUNTS_IP_10M")
