"""A cap lets through exactly as much as fits, and what does not take place is given back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

import msgspec
import pytest

from app.capping.ending import Ender
from app.policy.file import parse
from app.ports import StepUpPassed
from app.rebuilding import rebuild, wipe
from app.settlement import passing
from app.store.sql import open_engine
from app.store.sql.holding import SqlHolds
from app.store.valkey_caps import is_cap
from detectors.event import Device, Event, Money, Profile
from tests.app.installation import Installation
from tests.app.store.sightings import DAY_MS, HOUR_MS, NOW_MS

MOST = 3
TRIES = 8
MINUTE_MS = 60_000
_numbers = count()


def policy(rest: str, *, timezone: str = "UTC", top: str = ""):
    return parse(f'name = "capped"\n{top}\n[tokens]\ntimezone = "{timezone}"\n{rest}')


def cap(per: str = "member", *, code: str = "CAP", **said: object) -> str:
    """A cap on redemptions, as a policy file says it."""
    said = {"applies_to": ["redeem"], "per": per, "max": MOST} | said
    return f"[caps.{code}]\n" + "\n".join(
        f"{key} = {msgspec.json.encode(value).decode()}" for key, value in said.items()
    )


@pytest.fixture
def capped(pipeline, sqlite_url, tmp_path):
    """Makes an installation that decides by this policy. What databases do is tested with the record."""
    engine = open_engine(sqlite_url)

    async def install(rest: str, **how: str) -> Installation:
        made = Installation(pipeline, engine, tmp_path, policy=policy(rest, **how))
        await made.begin()
        return made

    yield install
    engine.dispose()


def event(account: str = "m-1", at_ms: int = NOW_MS, **rest: object) -> Event:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    named = {"event_id": f"e-{next(_numbers)}", "type": "redeem", "points": 10} | rest
    return Event(account_id=account, occurred_at=at, **named)


async def decide(installation: Installation, one: Event, origin: str = "decision"):
    answer = await installation.scorer.decide(one, origin)
    return msgspec.json.decode(answer.body)


async def decided(installation: Installation, one: Event, origin: str = "decision"):
    """Recorded as well, so that its outcome can be told."""
    told = await decide(installation, one, origin)
    await installation.drain()
    return told


async def passing_of(installation: Installation, events: list[Event]) -> list[str]:
    """What was decided of each, all asked at once."""
    told = await asyncio.gather(*(decide(installation, one) for one in events))
    return [one["decision"] for one in told]


async def reserved(installation: Installation) -> dict[bytes, dict[bytes, bytes]]:
    """Everything reserved in the hot store."""
    keys = [key for key in await installation.pipeline.execute("KEYS", "*") if is_cap(key)]
    found = {}
    for key in sorted(keys):
        if key[:1] == b"q":
            fields = await installation.pipeline.execute("HGETALL", key)
            found[key] = dict(zip(fields[::2], fields[1::2], strict=True))
        else:
            found[key] = await installation.pipeline.execute("ZRANGE", key, 0, -1, "WITHSCORES")
    return found


PERS = {
    "member": lambda n: event("m-1"),
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


# ---------------------------------------------------------------- given back, and kept


@pytest.mark.parametrize("outcome", ["cancelled", "reversed"])
async def test_what_is_taken_back_leaves_room_for_another(capped, outcome):
    installation = await capped(cap(max=1, window="ever"))
    told = await decided(installation, event())
    assert (await decide(installation, event()))["decision"] == "block"
    await installation.outcomes.tell("default", told["decision_id"], outcome, "till")
    await installation.drain()
    assert [(await decide(installation, event()))["decision"] for _ in range(2)] == ["allow", "block"]


async def test_what_is_not_completed_in_time_is_given_back(capped):
    installation = await capped(cap(max=1, window="ever", complete_within_s=3_600))
    first = await decided(installation, event())
    installation.now_ms += HOUR_MS - 1
    assert (await decide(installation, event()))["decision"] == "block"
    installation.now_ms += 1
    second = await decided(installation, event())
    assert second["decision"] == "allow"
    await installation.outcomes.tell("default", second["decision_id"], "completed", "till")
    installation.now_ms += DAY_MS
    assert (await decide(installation, event()))["decision"] == "block"
    assert first["decision"] == "allow"


CHALLENGED = """
[[rules]]
code = "ASK"
when = "event.points > 5"
applies_to = ["redeem"]
effect = "challenge"
message = "asks"
"""


async def test_a_challenge_reserves_until_it_expires(capped):
    installation = await capped(CHALLENGED + cap(max=1, window="ever"))
    assert (await decided(installation, event()))["decision"] == "challenge"
    assert (await decide(installation, event()))["decision"] == "block"
    installation.now_ms += 15 * MINUTE_MS
    assert (await decide(installation, event()))["decision"] == "challenge"


async def test_a_passed_challenge_keeps_its_part(capped):
    installation = await capped(CHALLENGED + cap(max=1, window="ever"))
    told = await decided(installation, event())
    row = installation.record.decision("default", told["decision_id"])
    sighting = installation.sighter.sight(event(event_id=row.event_id)).sighting
    entry = StepUpPassed(
        row.decision_id, "default", "m-1", row.event_id, "totp", installation.now_ms, "key:k",
        row.occurred_ms, 10, passing("redeem", None, 10), row.reserved,
    )  # fmt: skip
    sealed = installation.journal.seal(entry, installation.now_ms)
    await installation.history.pass_step_up(sighting, None, sealed, 10, entry.effect, installation.now_ms)
    await installation.drain()
    installation.now_ms += 30 * DAY_MS
    assert (await decide(installation, event()))["decision"] == "block"


async def test_what_happened_counts_and_is_not_stopped_by_a_cap(capped):
    installation = await capped(cap(max=1, window="ever"))
    for _ in range(3):
        await decided(installation, event(), "event")
    told = await decide(installation, event())
    (reason,) = [one for one in told["reasons"] if one["code"] == "CAP"]
    assert reason["evidence"]["used"] == 3


async def test_whoever_dies_after_the_journal_has_the_worker_keep_it(capped, monkeypatch):
    """Between the journal and the reservation: what is provisional lapses, what is recorded does not."""
    installation = await capped(cap(max=1, window="ever"))
    monkeypatch.setattr(installation.scorer, "_hold", lambda _drafts: None)
    await decided(installation, event())
    installation.now_ms += DAY_MS
    assert (await decide(installation, event()))["decision"] == "block"


async def test_whoever_dies_before_the_journal_blocks_nobody_for_long(capped, monkeypatch):
    installation = await capped(cap(max=1, window="ever"))

    async def dying(_decided):
        raise asyncio.CancelledError

    one = event()
    with monkeypatch.context() as patch, pytest.raises(asyncio.CancelledError):
        patch.setattr(installation.history, "commit_many", dying)
        await installation.scorer.decide(one, "decision")
    assert (await decide(installation, event()))["decision"] == "block"
    installation.now_ms += MINUTE_MS
    assert (await decide(installation, event()))["decision"] == "allow"


# ---------------------------------------------------------------- days


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


# ---------------------------------------------------------------- holds

HELD = """
[holds]
release_below_points = 100
[[rules]]
code = "LOOK"
when = "event.points > 5"
applies_to = ["earn"]
effect = "review"
message = "looked at"
"""


def ender(installation: Installation) -> Ender:
    return Ender(
        SqlHolds(installation.engine), installation.history, installation.sighter, installation.journal,
        installation.clock,
    )  # fmt: skip


async def end_holds(installation: Installation) -> int:
    ended = await ender(installation).step()
    await installation.drain()
    return ended


async def earned(installation: Installation) -> int:
    (account,) = [one for one in (await installation.entities()).values() if "earn" in one["series"]]
    return account["totals"].get("earn", 0)


@pytest.mark.parametrize(("points", "how"), [(99, "released"), (100, "escalated")])
async def test_a_hold_ends_as_the_policy_says(capped, points, how):
    """Released its points count and stay capped; escalated they wait for a person. Twice ended is once ended."""
    installation = await capped(HELD + cap(max=1, window="ever", applies_to=["earn"]))
    told = await decided(installation, event(type="earn", points=points))
    assert told["decision"] == "review"
    installation.now_ms += 72 * HOUR_MS - 1
    assert await end_holds(installation) == 0
    installation.now_ms += 1
    assert await end_holds(installation) == 1
    assert await end_holds(installation) == 0
    row = installation.record.decision("default", told["decision_id"])
    assert (row.decision, row.hold_end) == ("review", how)
    assert await earned(installation) == (points if how == "released" else 0)
    assert installation.record.account("default", "m-1").earned_points == (points if how == "released" else 0)
    installation.now_ms += 20 * DAY_MS
    again = await decide(installation, event(type="earn", points=points))
    assert again["decision"] == "block"
    await installation.outcomes.tell("default", told["decision_id"], "reversed", "till")
    await installation.drain()
    assert await earned(installation) == 0
    assert (await decide(installation, event(type="earn", points=points)))["decision"] == "review"


async def test_two_workers_end_a_hold_once(capped):
    installation = await capped(HELD)
    await decided(installation, event(type="earn", points=50))
    installation.now_ms += 72 * HOUR_MS
    await asyncio.gather(*(ender(installation).step() for _ in range(2)))
    await installation.drain()
    assert await earned(installation) == 50
    assert installation.record.account("default", "m-1").earned_points == 50


async def test_a_hold_that_somebody_decided_on_is_left_alone(capped):
    installation = await capped(HELD)
    told = await decided(installation, event(type="earn", points=50))
    await installation.outcomes.tell("default", told["decision_id"], "cancelled", "till")
    await installation.drain()
    installation.now_ms += 72 * HOUR_MS
    assert await end_holds(installation) == 1
    assert await end_holds(installation) == 0
    assert installation.record.decision("default", told["decision_id"]).hold_end is None
    assert await earned(installation) == 0


# ---------------------------------------------------------------- brought back


async def test_reservations_are_brought_back_from_the_record(capped):
    """Allowed, challenged, cancelled, completed, held and released: as they were, but for what was given back."""
    caps = cap("program", max=100) + "\n" + cap(code="EARNED", max=9, applies_to=["earn"], window=86_400)
    installation = await capped(CHALLENGED + HELD + caps)
    for n in range(4):
        told = await decided(installation, event(f"m-{n}", points=[1, 10][n % 2]))
        await decided(installation, event(f"m-{n}", type="earn", points=50))
        if n < 2:
            outcome = ["cancelled", "completed"][n]
            await installation.outcomes.tell("default", told["decision_id"], outcome, "till")
            await installation.drain()
    installation.now_ms += 72 * HOUR_MS
    await end_holds(installation)
    await decided(installation, event("m-9", at_ms=installation.now_ms, points=1))
    await decide(installation, event("m-9", at_ms=NOW_MS, points=1))  # lets go of what has lapsed there
    await installation.drain()
    before = standing(await reserved(installation))
    assert len(before) == 6
    await wipe(installation.pipeline)
    assert await reserved(installation) == {}
    await rebuild(
        installation.pipeline, installation.record, installation.sighter, lambda *_: None,
        now_ms=installation.now_ms,
    )  # fmt: skip
    assert standing(await reserved(installation)) == before


def standing(found):
    """What counts: the reservations and their sum, without notes of what was given back."""
    kept = {}
    for key, fields in found.items():
        if key[:1] == b"q":
            kept[key] = {
                mark: value for mark, value in fields.items() if mark == b"t" or amount_of(value) > 0
            }
    return kept


def amount_of(value: bytes) -> float:
    return float(memoryview(value).cast("d")[0])
