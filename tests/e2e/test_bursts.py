"""Limits are exact over HTTP: of thirty at once, with two web processes, exactly five pass."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from benchmarks.installation import at_once
from tests.e2e.events import event, fresh, instant

BURST = 30
LIMIT = 5
"""Redemptions an hour that the shipped policy lets one member make."""


def allowed(replies):
    """How many passed; all others are asked for more, or stopped."""
    assert {reply.status for reply in replies} == {200}
    decisions = Counter(reply.json["decision"] for reply in replies)
    assert decisions.keys() <= {"allow", "challenge", "block"}
    return decisions["allow"]


def test_of_thirty_at_one_instant_exactly_five_are_allowed(crowd):
    member, now = fresh(), instant()
    replies = at_once(crowd, [event("redeem", member, occurred_at=now) for _ in range(BURST)])
    assert allowed(replies) == LIMIT


@pytest.mark.parametrize("seed", range(3))
def test_of_thirty_whose_instants_arrive_out_of_order_exactly_five_are_allowed(crowd, seed):
    member = fresh()
    instants = [instant(seconds=n / 7) for n in range(BURST)]
    random.Random(seed).shuffle(instants)
    replies = at_once(crowd, [event("redeem", member, occurred_at=at) for at in instants])
    assert allowed(replies) == LIMIT


@pytest.mark.parametrize("seed", range(3))
def test_repeats_in_the_burst_get_their_own_answer_and_no_more_pass(crowd, seed):
    member = fresh()
    events = [event("redeem", member) for _ in range(BURST // 3)]
    sent = events * 3
    random.Random(seed).shuffle(sent)
    replies = at_once(crowd, sent)
    answers: dict[str, set[bytes]] = {}
    for one, reply in zip(sent, replies, strict=True):
        answers.setdefault(one["event_id"], set()).add(reply.body)
    assert {len(bodies) for bodies in answers.values()} == {1}
    firsts = [next(reply for one, reply in zip(sent, replies, strict=True) if one is each) for each in events]
    assert allowed(firsts) == LIMIT


def test_a_member_with_a_past_gets_five_as_well(client, crowd):
    member = fresh()
    past = [event("earn", member, points=100, occurred_at=instant(days=d)) for d in range(2, 22)]
    past += [event("redeem", member, points=20, occurred_at=instant(days=d, hours=1)) for d in range(2, 12)]
    assert client.ask("POST", "/v1/events", past).json["accepted"] == len(past)
    replies = at_once(crowd, [event("redeem", member) for _ in range(BURST)])
    assert allowed(replies) == LIMIT
