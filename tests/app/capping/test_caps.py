"""A cap lets through exactly as much as fits, whoever it is held against, in the days of its programme."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest

from detectors.event import Device, Money, Profile
from tests.app.capping.stage import MOST, TRIES, cap, decide, event, passing_of
from tests.app.store.sightings import DAY_MS, HOUR_MS

PERS = {
    "member": lambda _: event("m-1"),
    "household": lambda n: event(f"h-{n % 2}"),
    "device": lambda n: event(f"m-{n}", device=Device(id="d-1")),
    "reward": lambda n: event(f"m-{n}", reward_id="r-1"),
    "campaign": lambda n: event(f"m-{n}", campaign_id="c-1"),
    "partner": lambda n: event(f"m-{n}", partner_id="p-1"),
    "program": lambda n: event(f"m-{n}"),
}


@pytest.mark.parametrize("per", PERS)
async def test_exactly_as_many_pass_as_fit(capped, per):
    installation = await capped(cap(per))
    if per == "household":
        home = Profile(street="Hauptstr. 1", postcode="10115", country="DE")
        for n in range(2):
            await decide(installation, event(f"h-{n}", type="signup", points=None, profile=home))
    decisions = await passing_of(installation, [PERS[per](n) for n in range(TRIES)])
    assert sorted(decisions) == ["allow"] * MOST + ["block"] * (TRIES - MOST)


@pytest.mark.parametrize("per", [per for per in PERS if per != "program"])
async def test_another_has_a_cap_of_their_own(capped, per):
    installation = await capped(cap(per))
    await passing_of(installation, [PERS[per](n) for n in range(TRIES)])
    other = event("x-1", device=Device(id="d-2"), reward_id="r-2", campaign_id="c-2", partner_id="p-2")
    assert (await decide(installation, other))["decision"] == "allow"


async def test_the_answer_says_which_cap_and_how_much_was_left(capped):
    installation = await capped(cap(measure="points", max=25))
    await decide(installation, event(points=20))
    told = await decide(installation, event(points=10))
    assert (told["decision"], told["source"]) == ("block", "limit")
    (reason,) = [one for one in told["reasons"] if one["code"] == "CAP"]
    assert reason["message"] == "5 of 25 points per member in a day are left; 10 asked for"
    assert reason["evidence"] == {
        "points": 30, "limit": 25, "used": 20, "asked": 10, "per": "member", "window": "day",
    }  # fmt: skip
    assert (await decide(installation, event(points=5)))["decision"] == "allow"


async def test_a_used_up_cap_is_no_suspicion(capped):
    installation = await capped(cap(max=0))
    open_one = await decide(installation, event("m-1", type="earn"))
    stopped = await decide(installation, event("m-2"))
    assert stopped["decision"] == "block"
    assert stopped["risk_score"] < 30
    assert open_one["decision"] == "allow"


async def test_money_counts_in_its_own_currency_alone(capped):
    installation = await capped(cap(measure="value_minor", currency="EUR", max=1_000))
    for currency, decision in (("EUR", "allow"), ("USD", "allow"), ("EUR", "block")):
        told = await decide(installation, event(money=Money(600, currency)))
        assert told["decision"] == decision


async def test_an_unknown_household_is_its_member_and_says_so(capped):
    installation = await capped(cap("household", max=1))
    await decide(installation, event("m-1"))
    told = await decide(installation, event("m-1"))
    (reason,) = [one for one in told["reasons"] if one["code"] == "CAP"]
    assert reason["evidence"]["held_against"] == "member: the household is not known"
    assert (await decide(installation, event("m-2")))["decision"] == "allow"


async def test_only_what_a_cap_names_uses_it(capped):
    installation = await capped(cap("program", max=1, reward_ids=["r-1"], reasons=["partner"]))
    for n in range(3):
        assert (await decide(installation, event(f"m-{n}", reward_id="r-1")))["decision"] == "allow"
    named = [event(f"n-{n}", reward_id="r-1", reason="partner") for n in range(2)]
    assert [(await decide(installation, one))["decision"] for one in named] == ["allow", "block"]


async def test_a_narrow_cap_that_refuses_takes_nothing_from_a_wide_one(capped):
    """Or thirty tries of one member would eat what others may have."""
    installation = await capped(cap(max=1) + "\n" + cap("program", code="ALL", max=MOST))
    await passing_of(installation, [event("m-1") for _ in range(TRIES)])
    decisions = await passing_of(installation, [event(f"o-{n}") for n in range(TRIES)])
    assert decisions.count("allow") == MOST - 1


async def test_a_batch_is_held_against_its_caps_in_its_order(capped):
    installation = await capped(cap("program"))
    events = [event(f"m-{n}") for n in range(TRIES)]
    answers = await installation.scorer.decide_many(events, "batch")
    told = [msgspec.json.decode(answer.body)["decision"] for answer in answers]
    assert told == ["allow"] * MOST + ["block"] * (TRIES - MOST)


async def test_a_repeat_uses_nothing_more(capped):
    installation = await capped(cap(max=1))
    one = event()
    first = await installation.scorer.decide(one, "decision")
    assert (await installation.scorer.decide(one, "decision")).body == first.body
    assert msgspec.json.decode(first.body)["decision"] == "allow"


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25)],
    ids=["usual", "short", "long"],
)
async def test_a_day_is_the_programmes_own(capped, day, hours):
    """Berlin puts its clocks forward and back: the day of a cap is as long as it is there."""
    installation = await capped(cap(max=1), timezone="Europe/Berlin")
    begins = (
        int(datetime.fromisoformat(f"{day}T00:00:00+0{1 if day != '2026-10-25' else 2}:00").timestamp())
        * 1_000
    )
    installation.now_ms = begins + 2 * DAY_MS
    asked = [begins, begins + hours * HOUR_MS - 1, begins - 1, begins + hours * HOUR_MS]
    told = [(await decide(installation, event(at_ms=at)))["decision"] for at in asked]
    assert told == ["allow", "block", "allow", "allow"]
