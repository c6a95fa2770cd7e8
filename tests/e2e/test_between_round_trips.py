"""A decision takes two round trips. Whatever breaks between them, or after them, counts once and is told once."""

from __future__ import annotations

import http.client
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.store.pipeline import FUNCTIONS, pack
from benchmarks.installation import PATIENT, Installation, at_once, until
from tests.e2e.between import Between, outside_valkey
from tests.e2e.events import event, evidence, fresh

COMMIT = pack((b"FCALL", FUNCTIONS["commit"])).partition(b"\r\n")[2]
"""What the second round trip begins with."""
HOUR = "VELOCITY_REDEEM_ACCOUNT_1H"


@pytest.fixture(scope="module")
def patient(tmp_path_factory, postgres_server):
    """PostgreSQL, a Valkey outside, and web processes that wait long enough to be killed while they wait."""
    home = tmp_path_factory.mktemp("patient")
    with outside_valkey(tmp_path_factory.mktemp("valkey")) as port:
        between = Between(port)
        settings = {
            "EARNEST_REDIS_URL": f"redis://127.0.0.1:{between.port}",
            "EARNEST_DATABASE_URL": postgres_server,
        } | PATIENT
        with Installation(home, **settings) as running:
            yield running, between
        between.close()


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """The same with the patience that ships, on SQLite."""
    home = tmp_path_factory.mktemp("hasty")
    with outside_valkey(tmp_path_factory.mktemp("valkey")) as port:
        between = Between(port)
        with Installation(home, workers=1, EARNEST_REDIS_URL=f"redis://127.0.0.1:{between.port}") as running:
            yield running, between
        between.close()


def five(client):
    """A member one redemption short of the limit's end."""
    member = fresh()
    for _ in range(5):
        assert client.decide(event("redeem", member)).json["decision"] == "allow"
    return member


def held_once(client, member, sent, answer):
    """Counted once, recorded once, and every repeat the same."""
    assert evidence(answer.json, HOUR)["count"] == 6
    assert client.decide(sent).body == answer.body
    recorded = client.get(f"/v1/decisions?account_id={member}").json["items"]
    assert [one["event_id"] for one in recorded].count(sent["event_id"]) == 1
    assert answer.json.items() <= recorded[0].items()
    assert evidence(client.decide(event("redeem", member)).json, HOUR)["count"] == 7


def test_limits_are_exact_on_postgresql_and_a_valkey_outside(patient):
    crowd = [one for pair in zip(*patient[0].clients_of_each(15), strict=True) for one in pair]
    member = fresh()
    replies = at_once(crowd, [event("redeem", member) for _ in crowd])
    assert sum(reply.json["decision"] == "allow" for reply in replies) == 5
    assert len(crowd[0].get(f"/v1/accounts/{member}/timeline").json["items"]) == len(crowd)
    for one in crowd:
        one.close()


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_worker_killed_at_the_second_round_trip_leaves_one_decision(patient, where):
    """`before`: counted and not yet decided. `after`: decided and journalled, and nobody was told."""
    service, between = patient
    with service.client() as client, ThreadPoolExecutor(1) as pool:
        member = five(client)
        sent = event("redeem", member)
        between.cut(COMMIT, where)
        waiting = pool.submit(client.decide, sent)
        until(between.caught.is_set)
        old = service.signal("web", signal.SIGKILL)
        with pytest.raises((OSError, http.client.HTTPException)):
            waiting.result()
        until(lambda: len({one.pid for one in service.processes("web")} - set(old)) == 2)
        held_once(client, member, sent, client.decide(sent))


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_connection_that_falls_silent_at_the_second_round_trip_leaves_one_decision(hasty, where):
    """The decision was made, so it is told, and kept on the disk until the hot store has it."""
    service, between = hasty
    with service.client() as client:
        member = five(client)
        sent = event("redeem", member)
        between.cut(COMMIT, where)
        answer = client.decide(sent)
        assert between.caught.is_set()
        assert answer.status == 200
        until(lambda: client.get("/readyz").status == 200)
        assert client.decide(sent).body == answer.body
        service.settle()
        held_once(client, member, sent, answer)
