"""What an office needs when somebody comes in: a bad week behind it, families and tablets that a person can tell."""

from __future__ import annotations

import msgspec
import pytest

from app.demo.history import ASKED_DAYS, History, happened_ms, load
from app.demo.homes import homes
from app.demo.intents import DAY_MS
from app.demo.programme import Wave, generate
from app.demo.promises import STOOD_MS, settled
from app.demo.regular import recommend
from app.demo.typologies import CATALOGUE
from app.offline.replaying import Replayer, private_sighter
from app.policy.file import DEFAULT_FILE
from app.policy.file import load as load_policy
from detectors.event import Event, canonical

NOW_MS = 1_790_000_000_000
SIZE = {"seed": 7, "members": 150, "days": 40, "end_ms": NOW_MS + 10 * DAY_MS}
WAVE = Wave(NOW_MS - 6 * DAY_MS, NOW_MS - DAY_MS)


@pytest.fixture(scope="module")
def history():
    return History.around(NOW_MS, members=150, days=20, days_ahead=20)


def incidents(made):
    found = {}
    for label in made.labels:
        found.setdefault(label.incident_id, []).append(label)
    return found


def test_a_wave_is_one_more_incident_of_each_typology_and_it_ends_in_time():
    usual, wave = incidents(generate(**SIZE)), generate(**SIZE, wave=WAVE)
    more = {name: labels for name, labels in incidents(wave).items() if name not in usual}
    assert set(usual) <= set(incidents(wave))
    assert sorted(labels[0].typology for labels in more.values()) == sorted(CATALOGUE)
    at_ms = {event["event_id"]: happened_ms(event) for event in wave.events}
    ends = [max(at_ms[label.event_id] for label in labels) for labels in more.values()]
    assert sum(WAVE.since_ms - DAY_MS <= end <= WAVE.until_ms + 2 * DAY_MS for end in ends) > len(ends) / 2


def test_there_is_no_wave_where_none_is_asked_for():
    assert not incidents(generate(**SIZE, fraud_share=0))
    assert len(incidents(generate(**SIZE, fraud_share=0, wave=WAVE))) == len(CATALOGUE)


def test_the_last_week_of_the_demo_has_frauds_of_many_kinds(history):
    week = [event for event in history.past if happened_ms(event) > NOW_MS - 7 * DAY_MS]
    kinds = {
        history.truth[event["event_id"]].typology for event in week if event["event_id"] in history.truth
    }
    assert len(kinds) > len(CATALOGUE) / 2


def test_what_is_old_is_handed_in_and_the_last_month_is_asked_about_each_event_once_in_order():
    old = [{"event_id": f"o{n}", "occurred_at": "2026-07-01T00:00:00Z"} for n in range(3)]
    new = [{"event_id": f"n{n}", "occurred_at": "2026-09-20T00:00:00Z"} for n in range(3)]
    events = [one | {"type": "login", "account_id": "a"} for one in old + new]
    assert happened_ms(events[2]) < NOW_MS - ASKED_DAYS * DAY_MS < happened_ms(events[3])
    asked, told = [], []

    class Listener:
        def ask(self, _method, path, body, *_):
            asked.append((path, body))

    load(Listener(), events, NOW_MS, told.append)
    (handed, first), (decided, second) = asked
    assert (handed, decided) == ("/v1/events", "/v1/decisions/batch")
    assert [b'"o%d"' % n in first and b'"n%d"' % n in second for n in range(3)] == [True] * 3
    assert sum(told) == len(events)


def test_families_are_honest_and_share_a_device_that_is_no_stores():
    def seen(account_id, device_id, agent="Loyalty/7.2"):
        return {"account_id": account_id, "device": {"id": device_id, "user_agent": agent}}

    events = [
        *(seen(name, "sofa") for name in ("ana", "ben", "cleo")),
        *(seen(name, "farm") for name in ("ana", "crook")),
        *(seen(name, "till", "LoyaltyStore/3.1 (iPad)") for name in ("ana", "ben")),
        {"account_id": "nobody"},
    ]
    found = homes(events, frozenset({"crook"}))
    assert found.families == [("ana", "ben", "cleo")]
    assert found.tablets == ["till"]


def test_only_a_number_that_has_stood_and_is_an_honest_members_is_sent_a_code(history):
    crooks = frozenset(label.account_id for label in history.truth.values())
    members = settled(history.past, crooks, NOW_MS)
    assert members
    for one in members:
        assert one["account_id"] not in crooks
        assert one["profile"]["phone"]
        assert happened_ms(one) < NOW_MS - STOOD_MS


def test_a_regular_brings_more_colleagues_than_are_taken_without_a_look():
    """Honest by whoever made the programme, and held by the shipped policy: there is always one to release."""
    history = History.around(NOW_MS)
    crooks = frozenset(label.account_id for label in history.truth.values())
    members = settled(history.past, crooks, NOW_MS)
    brought = []

    class Listener:
        def decide(self, event):
            brought.append(canonical(msgspec.convert({"program_id": "default"} | event, Event)))

    for _ in range(2):
        recommend(Listener(), members, NOW_MS)
    first, again = brought[: len(brought) // 2], brought[len(brought) // 2 :]
    assert first == again
    replayer = Replayer(load_policy(DEFAULT_FILE), private_sighter())
    *before, last = [replayer.take(one).verdict for one in first]
    assert {one.action for one in before} == {"allow"}
    assert (last.action, [reason.code for reason in last.reasons]) == (
        "review", ["VELOCITY_REFERRAL_ACCOUNT_30D"],
    )  # fmt: skip
    assert {one.account_id for one in first}.isdisjoint(crooks)
