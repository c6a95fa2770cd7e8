"""The client's own decisions: the policy's, and what happens to the events they were made of."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

import app.policy
from detectors.event import SYNONYMS
from earnest_client import Away, Event, Fallback, NotFound, Refused
from earnest_client.events import EventType
from earnest_client.fallback import ACTIONS
from tests.client.odd_server import answers, resets, takes

POLICY = tomllib.loads((Path(app.policy.__file__).parent / "default.toml").read_text(encoding="utf-8"))


def event(kind: str, event_id: str = "", **rest) -> Event:
    when = datetime(2026, 3, 1, tzinfo=UTC)
    return Event(type=kind, occurred_at=when, account_id="m-1", points=5, event_id=event_id, **rest)


def test_the_answers_are_the_policys():
    assert dict(Fallback().actions) == POLICY["fallback"] == dict(ACTIONS)


@pytest.mark.parametrize("kind", get_args(EventType))
def test_each_type_is_answered_so_and_says_that_it_is(odd, earnest, kind):
    odd.will(resets)
    decision = earnest.decide(event(kind))
    assert decision.decision == POLICY["fallback"][SYNONYMS.get(kind, kind)]
    assert decision.source == "fallback"
    assert decision.degraded[0].startswith("client: ")
    assert bool(decision.reasons) == (not decision.allowed)


@pytest.mark.parametrize("kind", ["redeem", "burn"])
def test_no_fallback_can_allow_a_redemption(kind):
    with pytest.raises(ValueError, match="never allowed"):
        Fallback({kind: "allow"})
    assert Fallback({kind: "block"}).actions["redeem"] == "block"


def test_a_type_is_spelled_right_and_one_that_nobody_knows_is_not_allowed(odd, earnest):
    with pytest.raises(ValueError, match="redeeem"):
        Fallback({"redeeem": "block"})
    odd.will(resets)
    assert earnest.decide({"type": "teleport", "account_id": "m-1"}).decision == "challenge"
    assert earnest.decide({}).decision == "challenge"


def test_without_a_fallback_there_is_no_decision(odd, connect):
    odd.will(resets)
    client = connect(fallback=None)
    with pytest.raises(Away):
        client.decide(event("earn"))
    with pytest.raises(Away):
        client.decide_many([event("earn")])
    assert client.waiting == 0


def test_what_was_allowed_is_told_later_as_it_was_sent(odd, earnest):
    odd.will(resets)
    decisions = [earnest.decide(event("earn")) for _ in range(3)]
    sent = [one.body for one in odd.heard[::2]]
    assert earnest.waiting == 3
    odd.will(takes)
    told = earnest.flush()
    assert (told.accepted, told.dropped, earnest.waiting) == (3, 0, 0)
    assert odd.heard[0].path == "/v1/events"
    assert odd.heard[0].body == b"[" + b",".join(sent) + b"]"
    assert [row["event_id"] for row in odd.heard[0].json] == [one.event_id for one in decisions]
    assert earnest.flush().accepted == 0
    assert len(odd.heard) == 1


def test_what_was_not_allowed_is_told_once_it_is_said_to_be_completed(odd, earnest):
    """What is told counts as having happened: a redemption that was turned away must not."""
    odd.will(resets)
    kept, turned_away = (earnest.decide(event("redeem")) for _ in range(2))
    assert earnest.waiting == 0
    assert earnest.outcome(kept.decision_id, "completed").outcome == "completed"
    earnest.outcome(turned_away.decision_id, "cancelled")
    assert earnest.waiting == 1
    odd.will(takes)
    earnest.flush()
    assert [row["event_id"] for row in odd.heard[0].json] == [kept.event_id]


def test_what_was_allowed_and_cancelled_never_happened(odd, earnest):
    odd.will(resets)
    decision = earnest.decide(event("earn"))
    earnest.outcome(decision.decision_id, "disputed")
    earnest.outcome(decision.decision_id, "reversed")
    assert earnest.waiting == 0


def test_the_outcome_of_what_was_told_already_is_an_event_of_its_own(odd, earnest):
    odd.will(resets)
    decision = earnest.decide(event("earn"))
    odd.will(takes)
    earnest.flush()
    assert earnest.outcome(decision.decision_id, "completed").decision_id == decision.decision_id
    with pytest.raises(NotFound, match="of its own"):
        earnest.outcome(decision.decision_id, "cancelled")


@pytest.mark.parametrize("failure", [answers(500), answers(403, {"title": "Not permitted"})])
def test_what_cannot_be_told_waits_on_in_its_order(odd, earnest, failure):
    odd.will(resets)
    ids = [earnest.decide(event("earn")).event_id for _ in range(3)]
    odd.will(failure)
    with pytest.raises((Away, Refused)):
        earnest.flush()
    assert earnest.waiting == 3
    odd.will(takes)
    earnest.flush()
    assert [row["event_id"] for row in odd.heard[0].json] == ids


def test_so_many_wait_and_the_number_dropped_is_told_once(odd, connect):
    client = connect(fallback=Fallback(most_kept=3))
    odd.will(resets)
    ids = [client.decide(event("earn")).event_id for _ in range(5)]
    assert client.waiting == 3
    odd.will(takes)
    told = client.flush()
    assert (told.accepted, told.dropped) == (3, 2)
    assert [row["event_id"] for row in odd.heard[0].json] == ids[2:]
    assert client.flush().dropped == 0


def test_the_same_event_waits_once(odd, earnest):
    odd.will(resets)
    for _ in range(3):
        earnest.decide(event("earn", "e-1"))
    assert earnest.waiting == 1


def test_what_earnest_would_not_take_does_not_stand_in_the_way(odd, earnest):
    odd.will(resets)
    earnest.decide(event("earn", metadata={"note": "x" * 70_000}))
    assert earnest.waiting == 0
    odd.will(takes)
    assert earnest.flush().dropped == 1
