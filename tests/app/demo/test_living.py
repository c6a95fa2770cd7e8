"""The programme that `earnest serve --demo` brings to life: loaded once, labelled by halves, going on without a storm."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from app.demo.analyst import Analyst
from app.demo.begun import Begun
from app.demo.caller import Unwelcome
from app.demo.chance import Chance
from app.demo.drip import REST_MS, VISIT_MS, Drip, visits
from app.demo.history import History, happened_ms

NOW_MS = 1_790_000_000_000
HOUR_S = 3_600


class Stopped(Exception):
    """The reader has seen enough."""


class Listener:
    """A service that notes what it is told, and holds what it is told to hold."""

    def __init__(self, held=frozenset()) -> None:
        self.events: list[dict] = []
        self.labels: list[dict] = []
        self.held, self.fails_at = held, -1

    def decide(self, event):
        if len(self.events) == self.fails_at:
            self.fails_at = -1
            raise Unwelcome
        self.events.append(event)
        held = event["event_id"].split("-")[0] in self.held
        return {"decision": "review" if held else "allow", "event_id": event["event_id"]}

    def tell(self, path, body):
        assert path == "/v1/labels"
        self.labels.append(body)


class World:
    """A clock that moves only by sleeping, for so long."""

    def __init__(self, start_ms: int, hours: float) -> None:
        self.now_ms, self.until_ms = start_ms, start_ms + int(hours * HOUR_S * 1_000)

    def clock(self) -> int:
        return self.now_ms

    def sleep(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1_000)
        if self.now_ms > self.until_ms:
            raise Stopped


@pytest.fixture(scope="module")
def history():
    return History.around(NOW_MS, members=150, days=20, days_ahead=20)


def told(history, *, start_ms=NOW_MS, hours=1.0, held=frozenset(), fails_at=-1):
    """What a service hears of the drip in so many hours."""
    listener, world = Listener(held), World(start_ms, hours)
    listener.fails_at = fails_at
    analyst = Analyst(listener, history.truth, Chance.of(1, "analyst"))
    drip = Drip(listener, history, analyst, Chance.of(1, "drip"), world.clock, world.sleep)
    with pytest.raises(Stopped):
        drip.run()
    return listener


def natural(event):
    return event["event_id"].split("-")[0]


def test_a_programme_stands_around_its_instant_and_is_the_same_each_time(history):
    assert history.past
    assert history.future
    assert happened_ms(history.past[-1]) < NOW_MS <= happened_ms(history.future[0])
    assert history == History.around(NOW_MS, members=150, days=20, days_ahead=20)


def test_a_note_that_cannot_be_read_is_none(tmp_path):
    assert Begun.read(tmp_path) is None
    Begun(5, loaded=True).write(tmp_path)
    assert Begun.read(tmp_path) == Begun(5, loaded=True)
    (tmp_path / "begun.json").write_text('{"at_ms": ')
    assert Begun.read(tmp_path) is None


def test_visits_hold_every_event_once_and_none_has_a_break(history):
    found = visits(history.future)
    assert sorted(natural(event) for visit in found for event in visit) == sorted(
        natural(event) for event in history.future
    )
    for visit in found:
        instants = [happened_ms(event) for event in visit]
        assert all(0 <= later - one <= VISIT_MS for one, later in pairwise(instants))
        assert len({event["account_id"] for event in visit}) == 1


def test_every_event_happens_now_under_an_id_of_its_own_over_months_and_starts(history):
    """A month of these members is told in well under a day; what follows is told anew."""
    first = told(history, hours=8).events
    second = told(history, start_ms=NOW_MS + HOUR_S * 1_000, hours=1).events
    ids = [event["event_id"] for event in first + second]
    assert len(set(ids)) == len(ids)
    assert max(Counter(map(natural, first)).values()) > 1
    instants = [happened_ms(event) for event in first]
    assert instants == sorted(instants)
    assert all(len(one) <= 128 for one in ids)


def test_honest_members_do_not_come_again_before_they_rested(history):
    seen: dict[str, tuple[int, int]] = {}
    for event in told(history, hours=3).events:
        if natural(event) in history.truth:
            continue
        at_ms, own_ms = happened_ms(event), happened_ms(by_id(history)[natural(event)])
        before = seen.get(event["account_id"])
        if before is not None and not 0 <= own_ms - before[1] <= VISIT_MS:
            assert at_ms - before[0] >= REST_MS
        seen[event["account_id"]] = at_ms, own_ms


def by_id(history):
    return {event["event_id"]: event for event in history.future}


def test_incidents_come_now_and_then_and_what_is_taken_back_was_told(history):
    events = told(history, hours=3).events
    assert 0 < sum(natural(event) in history.truth for event in events) < len(events) / 2
    sent, coming = set(), by_id(history)
    for event in events:
        original = event.get("original_event_id")
        if original is not None and natural({"event_id": original}) in coming:
            assert original in sent
        sent.add(event["event_id"])


def test_a_moments_refusal_does_not_end_it(history):
    assert len(told(history, hours=0.1, fails_at=20).events) > 40


def test_the_analyst_labels_some_of_what_was_held_by_the_truth_and_nothing_else(history):
    fraud = set(list(history.truth)[:300])
    honest = {natural(event) for event in history.future if natural(event) not in history.truth}
    listener = told(history, hours=4, held=fraud | honest)
    assert 0.4 < len(listener.labels) / len(listener.events) < 0.8
    for label in listener.labels:
        truth = history.truth.get(label["event_id"].split("-")[0])
        assert label["label"] == ("legitimate" if truth is None else truth.label)
        assert label.get("typology") == (None if truth is None else truth.typology)
    assert told(history, hours=1).labels == []
