"""The same event again gets the same bytes, another body under its id is refused and leaves no trace."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.installation import at_once, until
from tests.e2e.events import event, evidence, fresh, instant

HOUR = "VELOCITY_REDEEM_ACCOUNT_1H"


def backwards(tree):
    """The same JSON with its members in the other order and white space between them."""
    turned = {name: dict(reversed(value.items())) if isinstance(value, dict) else value
              for name, value in reversed(tree.items())}  # fmt: skip
    return json.dumps(turned, indent=3).encode()


def redemptions_seen(client, member):
    """How many redemptions the next one finds in its hour, itself included; more than five must be there."""
    return evidence(client.decide(event("redeem", member)).json, HOUR)["count"]


def forget(service):
    """The hot store loses everything it has, as after a restart on an empty disk."""
    service.settle()
    service.ask_hot_store("FLUSHALL")


def test_another_spelling_of_the_same_body_gets_the_same_bytes(client):
    sent = event("redeem", fresh(), device={"id": fresh("d"), "is_rooted": False}, channel="app")
    first = client.decide(sent)
    assert first.status == 200
    for again in (sent, backwards(sent), sent | {"program_id": "default"}, sent | {"type": "burn"}):
        assert client.decide(again).body == first.body


def test_another_body_is_refused_and_not_counted(client):
    member = fresh()
    events = [event("redeem", member) for _ in range(5)]
    for one in events:
        client.decide(one)
    for other in ({"points": 11}, {"occurred_at": instant(seconds=30)}, {"account_id": fresh()}):
        refused = client.decide(events[0] | other)
        assert refused.status == 409
        assert refused.headers["content-type"] == "application/problem+json"
    assert redemptions_seen(client, member) == 6


def test_a_refused_body_is_not_counted_at_its_own_member_either(client):
    taken, victim = event("redeem", fresh()), fresh()
    client.decide(taken)
    for _ in range(5):
        client.decide(event("redeem", victim))
    assert client.decide(taken | {"account_id": victim}).status == 409
    assert redemptions_seen(client, victim) == 6


def test_a_refused_profile_teaches_nothing(client):
    """The contacts of a conflicting body must not become the member's: a list of theirs would hit the member."""
    member, theirs = fresh(), f"{fresh('theirs')}@example.org"
    taken = event("signup", member, profile={"email": f"{fresh('mine')}@example.org"})
    client.decide(taken)
    assert client.decide(taken | {"profile": {"email": theirs}}).status == 409
    entry = client.ask("POST", "/v1/lists/block", {"kind": "email", "value": theirs, "reason": "test"})
    assert entry.status == 201
    assert client.decide(event("earn", member)).json["source"] != "list"


def test_sixteen_at_once_are_one_decision(client, crowd):
    member = fresh()
    for _ in range(5):
        client.decide(event("redeem", member))
    sent = event("redeem", member)
    replies = at_once(crowd[:16], [sent] * 16)
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    assert evidence(replies[0].json, HOUR)["count"] == 6
    assert redemptions_seen(client, member) == 7
    listed = client.get(f"/v1/decisions?account_id={member}").json["items"]
    assert [one["event_id"] for one in listed].count(sent["event_id"]) == 1


def test_of_two_bodies_at_once_one_is_decided_and_the_other_refused(client, crowd):
    member = fresh()
    for _ in range(5):
        client.decide(event("redeem", member))
    one = event("redeem", member)
    replies = at_once(crowd[:10], [one | {"points": 10 + n % 2} for n in range(10)])
    for half in (replies[::2], replies[1::2]):
        assert len({(reply.status, reply.body if reply.status == 200 else b"") for reply in half}) == 1
    assert {reply.status for reply in replies} == {200, 409}
    assert redemptions_seen(client, member) == 7


@pytest.fixture
def remembered(service, client):
    """A member with seven redemptions and a sign-up, forgotten by the hot store but not by the record."""
    member = fresh()
    events = [event("signup", member, profile={"email": f"{member}@example.org"})]
    events += [event("redeem", member) for _ in range(7)]
    answers = [client.decide(one) for one in events]
    forget(service)
    return member, events, answers


def test_what_the_hot_store_has_forgotten_is_answered_from_the_record(client, remembered):
    """At once, while the hot state is still being rebuilt, and when it is there again."""
    member, events, answers = remembered
    for one, answer in zip(events, answers, strict=True):
        assert client.decide(one).body == answer.body
        assert client.decide(one | {"store_id": "elsewhere"}).status == 409
    until(lambda: client.get("/readyz").status == 200)
    for one, answer in zip(events, answers, strict=True):
        assert client.decide(one).body == answer.body
        assert client.decide(one | {"store_id": "elsewhere"}).status == 409
    assert redemptions_seen(client, member) == 8


def test_a_rebuild_under_load_counts_nothing_twice(service, client, remembered):
    member, events, answers = remembered
    with ThreadPoolExecutor(4) as pool, service.client() as another:
        repeats = pool.submit(lambda: [another.decide(one).body for one in events * 5])
        new = [client.decide(event("redeem", member)).status for _ in range(5)]
        assert repeats.result() == [answer.body for answer in answers] * 5
    assert new == [200] * 5
    service.settle()  # also what was decided without the hot store meanwhile is counted
    assert redemptions_seen(client, member) == 13
