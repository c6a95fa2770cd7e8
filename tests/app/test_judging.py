"""From what was seen to a verdict: one path, in which nothing that fails costs the member an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace as changed

from app.feedback.ports import News
from app.judging import judge
from app.policy.file import DEFAULT_FILE, load, parse
from app.programme import Programme
from app.rulebook import Rulebook
from app.sighting import Sighter
from app.store.memory import MemoryHistory
from detectors.base import Clear
from detectors.catalogue import CATALOGUE, catalogue
from detectors.default_limits import DEFAULT_LIMITS
from detectors.event import Device, Event, Profile
from detectors.forest.features import vector
from detectors.policy import DEFAULT, DEFAULT_SEGMENT
from detectors.snapshot import Entity, Segment

SIGHTER = Sighter(bytes(32), "DE")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDINARY = Programme(DEFAULT, CATALOGUE)
SAME = Profile(given_name="Ada", family_name="Quist", date_of_birth="1990-02-14", phone="+49301234567")


@dataclass(frozen=True)
class Broken:
    """A detector that fails at whatever it sees."""

    name: str = "takeover"

    def judge(self, _seen):
        raise ZeroDivisionError


@dataclass(frozen=True)
class Calm:
    """A `velocity` that found nothing."""

    name: str = "velocity"

    def judge(self, _seen):
        return Clear(self.name)


def event(n: int, kind: str = "redeem", account: str = "m-1", **more) -> Event:
    when = START + timedelta(minutes=n)
    points = 10 if kind in {"redeem", "earn"} else None
    return Event(event_id=f"e-{n}", type=kind, occurred_at=when, account_id=account, points=points, **more)


async def judged(events, programme=ORDINARY, degraded=()):
    """What is made of the last of these events, in a history of its own."""
    history = MemoryHistory()
    for one in events:
        sighted = SIGHTER.sight(one)
        entities = (await history.observe(sighted.sighting)).entities
    made = judge(programme, one, sighted, entities, 0, degraded)
    return made, programme.snapshot(one, sighted, entities)


async def test_an_ordinary_event_is_allowed_and_nothing_failed():
    made, _ = await judged([event(1)])
    assert (made.verdict.action, made.verdict.degraded, made.linked) == ("allow", (), ())


async def test_the_vector_judged_by_is_the_vector_told():
    """What is journalled is what the model saw: the features of this very snapshot, the event included."""
    made, seen = await judged([event(n) for n in range(3)])
    assert made.vector == seen.vector == vector(changed(seen, vector=b""))
    assert made.vector != (await judged([event(0)]))[0].vector


async def test_the_same_history_gives_the_same_verdict():
    events = [event(n, device=Device(id="d-1"), ip="192.0.2.7") for n in range(8)]
    assert (await judged(events))[0] == (await judged(events))[0]


async def test_what_failed_is_said_in_the_order_it_failed():
    """Detectors, then rules, then what had failed before."""
    programme = replace(
        ORDINARY,
        detectors=[Broken(), *CATALOGUE],
        rules=lambda _seen: ((), ("rule NIGHT: no such key",)),
    )
    made, _ = await judged([event(1)], programme, ["lists: as of an hour ago"])
    assert made.verdict.degraded == (
        "takeover: ZeroDivisionError",
        "rule NIGHT: no such key",
        "lists: as of an hour ago",
    )
    assert made.verdict.action == "allow"


async def test_limits_hold_where_the_detector_that_grades_them_fails():
    programme = replace(ORDINARY, detectors=[Broken("velocity"), *CATALOGUE[1:]])
    made, _ = await judged([event(n) for n in range(6)], programme)
    assert (made.verdict.action, made.verdict.source) == ("challenge", "limit")
    assert made.verdict.degraded == ("velocity: ZeroDivisionError",)


async def test_limits_that_cannot_be_held_are_named_and_cost_no_answer():
    nonsense = replace(DEFAULT_LIMITS[0], measure="distinct", kinds=())
    policy = replace(DEFAULT, limits=(nonsense,))
    made, _ = await judged([event(1)], Programme(policy, catalogue(policy)))
    assert [note.partition(":")[0] for note in made.verdict.degraded] == ["velocity", "limits"]
    assert made.verdict.action == "allow"


async def test_limits_are_not_held_again_where_velocity_found_none():
    programme = replace(ORDINARY, detectors=[Calm()])
    made, _ = await judged([event(n) for n in range(6)], programme)
    assert made.verdict.found.breaches == ()


@pytest.mark.parametrize(("profile", "number"), [(SAME, 1), (None, 0)], ids=["same", "none"])
async def test_accounts_are_linked_where_they_are_alike(profile, number):
    events = [event(n, "signup", f"m-{n}", profile=profile) for n in range(2)]
    made, _ = await judged(events)
    assert len(made.linked) == number
    assert all(link.probability > 0.5 for link in made.linked)


# ---------------------------------------------------------------- what is usual, where the policy leaves it open

LEARNED = Segment(burn_per_earn=0.4, month_points=40, points_per_minor=0.01)


@dataclass(frozen=True)
class Learnt:
    """A model that knows one programme's usual, and places nothing."""

    version: str = "mdl_000000000001"

    def usual(self, program_id):
        return LEARNED if program_id == "coffee" else None

    def place(self, _segment, _row):
        return None


class NoLists:
    """A record without lists."""

    def live_list_entries(self, _now_ms):
        return ()

    def live_contexts(self, _now_ms):
        return ()

    def heard_since(self, version):
        return News(version, (), ())


def test_a_programme_that_says_nothing_takes_what_was_learned():
    """And goes back to the defaults without the model; another programme never took it."""
    rulebook = Rulebook(load(DEFAULT_FILE), NoLists(), SIGHTER, Learnt())
    assert rulebook.programme("coffee").policy.segment == LEARNED
    assert rulebook.programme("shoes").policy.segment == DEFAULT_SEGMENT
    rulebook.adopt(None)
    assert rulebook.programme("coffee").policy.segment == DEFAULT_SEGMENT


def test_what_a_programme_says_of_itself_stands():
    said = parse('name = "own"\n[programs.coffee.segment]\nmonth_points = 700\n')
    segment = Rulebook(said, NoLists(), SIGHTER, Learnt()).programme("coffee").policy.segment
    assert (segment.month_points, segment.burn_per_earn) == (700, DEFAULT_SEGMENT.burn_per_earn)


async def test_the_learned_usual_is_what_points_are_held_against():
    """A balance that anybody may empty in one programme is ten months' points in another."""
    rulebook = Rulebook(load(DEFAULT_FILE), NoLists(), SIGHTER, Learnt())
    codes = {}
    for program in ("coffee", "shoes"):
        spent = changed(event(9, program_id=program), points=400, balance_before=400)
        made, _ = await judged([spent], rulebook.programme(program))
        codes[program] = {reason.code for reason in made.verdict.reasons}
    assert "BURN_SHARE_HIGH" in codes["coffee"]
    assert codes["shoes"] == set()


class Torn(dict[str, object]):
    """Series that cannot be read."""

    def get(self, *_):
        raise ValueError

    __iter__ = get


async def test_features_that_cannot_be_read_cost_the_model_its_word_and_nobody_an_answer():
    one = event(1)
    sighted = SIGHTER.sight(one)
    seen = await MemoryHistory().observe(sighted.sighting)
    entities = dict(seen.entities) | {"account": Entity(series=Torn())}
    found = judge(ORDINARY, one, sighted, entities, 0)
    assert found.vector == b""
    assert "anomaly: its features could not be read" in found.verdict.degraded
    assert found.verdict.action in {"allow", "challenge", "review", "block"}
