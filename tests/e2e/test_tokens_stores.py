"""Valkey emptied, put back, replaced by a stale replica or away, and the ledger away: nothing is paid twice or lost."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from benchmarks.installation import Client, Installation, Reply, until
from tests.e2e.events import fresh
from tests.e2e.tokens import (
    Valkey,
    content_is_kept,
    enter,
    in_front_of,
    insisting,
    issue,
    order,
    paid,
    pays_once,
    recorded,
    redeem,
    revoke,
    schema_of_our_own,
)


@pytest.fixture(scope="module")
def between(postgres_server):
    """Somebody in front of PostgreSQL, and the address through him."""
    with in_front_of(schema_of_our_own(postgres_server)) as (one, url):
        yield one, url


@pytest.fixture(scope="module")
def installation(tmp_path_factory, between):
    """A service on a PostgreSQL and a Valkey outside, both of which can be taken from it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    hot = Valkey(tmp_path_factory.mktemp("valkey"), port)
    hot.start()
    settings = {"EARNEST_DATABASE_URL": between[1], "EARNEST_REDIS_URL": f"redis://127.0.0.1:{port}"}
    with Installation(tmp_path_factory.mktemp("stores"), **settings) as running:
        yield running, hot
    hot.kill()


@pytest.fixture
def outside(installation):
    """The service."""
    return installation[0]


@pytest.fixture
def valkey(installation):
    """Its hot store, running at the beginning and at the end of each test."""
    return installation[1]


@pytest.fixture
def caller(outside):
    """A backend whose key is known before anything goes away."""
    with outside.client() as one:
        issue(one)
        yield one


def flushed(valkey: Valkey, _: Path) -> Callable[[], None]:
    """Everything in it is gone."""
    return partial(valkey.ask, "FLUSHALL")


def put_back(valkey: Valkey, _: Path) -> Callable[[], None]:
    """It dies, and comes back as it was before."""
    valkey.ask("SAVE")

    def restore() -> None:
        valkey.kill()
        valkey.start()

    return restore


def replaced_by_a_stale_replica(valkey: Valkey, home: Path) -> Callable[[], None]:
    """A replica that heard nothing of what came after takes the place of the primary, which died."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    replica = Valkey(home, port)
    replica.start(replicaof=f"127.0.0.1 {valkey.port}")
    until(lambda: "master_link_status:up" in replica.ask("INFO", "replication"))
    replica.ask("REPLICAOF", "NO", "ONE")

    def promote() -> None:
        valkey.kill()
        replica.ask("CONFIG", "SET", "port", str(valkey.port))
        valkey.take_over(replica)

    return promote


@pytest.mark.parametrize("lose", [flushed, put_back, replaced_by_a_stale_replica])
def test_whatever_valkey_forgets_a_used_token_stays_used(outside, valkey, caller, tmp_path, lose):
    """Also in the browser. A token that was not used pays once all the same, and so does one that is issued then."""
    used, unused, key = issue(caller), issue(caller), fresh("key")
    forget = lose(valkey, tmp_path)
    valkey.ask("SET", "canary", "written after the copy was made")
    first = redeem(caller, used, key)
    paid(first, used)
    forget()
    assert valkey.ask("GET", "canary") is None
    assert insisting(caller, partial(enter, link=used)).status == 410
    assert redeem(caller, used, fresh("key")).status == 409
    assert redeem(caller, used, key).body == first.body
    assert insisting(caller, partial(enter, link=unused)).status == 303
    pays_once(caller, unused)
    pays_once(caller, issue(caller))


def gone(valkey: Valkey) -> Callable[[], None]:
    """It is not there."""
    valkey.kill()
    return valkey.start


def hanging(valkey: Valkey) -> Callable[[], None]:
    """It takes questions and answers none."""
    valkey.signal(signal.SIGSTOP)
    return partial(valkey.signal, signal.SIGCONT)


@pytest.mark.parametrize("lose", [gone, hanging])
def test_while_valkey_is_away_the_counter_pays_once_and_the_browser_waits(outside, valkey, caller, lose):
    """The counter may also answer 503, but not pay twice; a member's gesture is told to come back."""
    used, in_between, kept, key = issue(caller), issue(caller), issue(caller), fresh("key")
    paid(redeem(caller, used, fresh("key")), used)
    come_back = lose(valkey)
    try:
        away_s(enter(caller, kept))
        assert redeem(caller, used, fresh("key")).status == 409
        told = redeem(caller, in_between, key)
        assert told.status in {200, 503}
        away_s(enter(caller, kept))
    finally:
        come_back()
    again = insisting(caller, partial(redeem, link=in_between, key=key))
    assert told.status == 503 or again.body == told.body
    assert recorded(outside.record_url)[in_between.token_id] == paid(again, in_between)
    assert redeem(caller, in_between, fresh("key")).status == 409
    assert insisting(caller, partial(enter, link=kept)).status == 303
    pays_once(caller, kept)


def away_s(reply: Reply) -> int:
    """The seconds a caller is asked to wait for a store that is away."""
    assert reply.status == 503, reply
    wait_s = int(reply.headers["retry-after"])
    assert wait_s >= 1
    return wait_s


def test_while_the_ledger_is_away_everything_is_503_and_nothing_is_half_done(outside, caller, between):
    """When it is back, the same calls under the same keys succeed, once."""
    line, url = between
    live, key, used, used_key = issue(caller), fresh("key"), issue(caller), fresh("key")
    first = redeem(caller, used, used_key)
    member, issue_key = fresh(), fresh("key")
    ordered = order(member, fresh("code"))

    def place(client: Client) -> Reply:
        return client.ask("POST", "/v1/tokens", ordered, **{"Idempotency-Key": issue_key})

    calls = [
        partial(redeem, link=live, key=key),
        partial(redeem, link=used, key=used_key),
        place,
        partial(revoke, link=live),
        partial(enter, link=live),
        lambda client: client.get(f"/v1/tokens/{live.token_id}"),
    ]
    with line.away():
        for call in (*calls, *calls):
            away_s(call(caller))
    assert live.token_id not in recorded(url)
    assert content_is_kept(url, live)
    placed = insisting(caller, place)
    assert placed.status == 201
    assert place(caller).body == placed.body
    (only,) = caller.get(f"/v1/tokens?account_id={member}").json["items"]
    assert only["token_id"] == placed.json["token_id"]
    assert insisting(caller, partial(redeem, link=used, key=used_key)).body == first.body
    redemption_id = paid(redeem(caller, live, key), live)
    assert recorded(url)[live.token_id] == redemption_id
    assert redeem(caller, live, fresh("key")).status == 409


def test_garbage_is_refused_without_any_store(caller, between):
    """So nobody who guesses can tell whether a store is away, nor keep one busy."""
    link = issue(caller)._replace(text="garbage")
    usual = redeem(caller, link, fresh("key"))
    with between[0].away():
        assert redeem(caller, link, fresh("key"))[::2] == usual[::2] == (404, usual.body)
