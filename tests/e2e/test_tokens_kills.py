"""kill -9 inside a redemption's transaction, between its commit and its answer, and in a storm: one payment each."""

from __future__ import annotations

import http.client
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from benchmarks.installation import PATIENT, Client, Installation, Reply, until
from benchmarks.kills import kill
from tests.e2e.events import fresh
from tests.e2e.tokens import (
    Link,
    clients_of,
    content_is_kept,
    in_front_of,
    insisting,
    issue,
    looking,
    order,
    paid,
    recorded,
    redeem,
    schema_of_our_own,
    storm,
    text_of,
)

COMMIT = b"COMMIT\0"
"""With its end: `READ COMMITTED` begins a transaction."""
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND state = 'active' AND query LIKE :query"
)
"""Statements that wait for another transaction: PostgreSQL says so itself."""


@pytest.fixture(scope="module")
def behind(tmp_path_factory, postgres_server):
    """A service on PostgreSQL with somebody in between, and the address past him."""
    direct = schema_of_our_own(postgres_server)
    with (
        in_front_of(direct) as (between, url),
        Installation(tmp_path_factory.mktemp("behind"), EARNEST_DATABASE_URL=url, **PATIENT) as running,
    ):
        yield running, between, direct


@pytest.fixture(scope="module")
def killed_on_sqlite(tmp_path_factory):
    """A service on SQLite whose processes these tests kill."""
    with Installation(tmp_path_factory.mktemp("killed"), **PATIENT) as running:
        yield running


@contextmanager
def held(url: str, statement: str) -> Iterator[None]:
    """A transaction of the test's own that holds a lock."""
    with looking(url) as connection:
        connection.execute(text(statement))
        yield


@contextmanager
def cut_off(service: Installation) -> Iterator[None]:
    """The web processes are killed, all of them, and were replaced at the end."""
    old = service.signal("web", signal.SIGKILL)
    yield
    until(lambda: len({one.pid for one in service.processes("web")} - set(old)) == len(old))
    with clients_of(service, len(old)):  # each answers: what they write at their start is written
        pass


def unanswered(waiting: Any) -> None:
    """Nobody ever heard of it."""
    with pytest.raises((OSError, http.client.HTTPException)):
        waiting.result()


LOCKS = {
    "redemptions": "LOCK TABLE redemptions IN SHARE MODE",
    "audit_head": "SELECT 1 FROM audit_head FOR UPDATE",
}


@pytest.mark.parametrize(("table", "same_key"), [("redemptions", True), ("audit_head", False)])
def test_killed_between_claim_and_commit_the_token_is_unused(behind, table, same_key):
    """Held there truly: the token's row is moved, and the transaction waits for a lock of ours."""
    service, _, direct = behind
    with service.client() as client, ThreadPoolExecutor(1) as pool:
        link, key = issue(client), fresh("key")
        with held(direct, LOCKS[table]):
            waiting = pool.submit(redeem, client, link, key)
            until(lambda: _waits(direct, table))
            with cut_off(service):
                unanswered(waiting)
        assert content_is_kept(direct, link)
        assert link.token_id not in recorded(direct)
        assert client.get(f"/v1/tokens/{link.token_id}").json["state"] == "issued"
        mine = key if same_key else fresh("key")
        reply = insisting(client, partial(redeem, link=link, key=mine))
        assert recorded(direct)[link.token_id] == paid(reply, link)
        assert redeem(client, link, fresh("key") if same_key else key).status == 409


def _waits(url: str, table: str) -> bool:
    with looking(url) as connection:
        return bool(connection.scalar(WAITING, {"query": f"%{table}%"}))


@pytest.fixture
def at_rest(behind):
    """The background worker sleeps, so that the next COMMIT on the way is the redemption's."""
    behind[0].signal("worker", signal.SIGSTOP)
    yield
    behind[0].signal("worker", signal.SIGCONT)


def test_killed_between_commit_and_answer_the_same_key_gets_the_reward(behind, at_rest):
    service, between, direct = behind
    with service.client() as client, ThreadPoolExecutor(1) as pool:
        link, key = issue(client), fresh("key")
        between.cut(COMMIT, "after")
        waiting = pool.submit(redeem, client, link, key)
        until(between.caught.is_set)
        until(lambda: link.token_id in recorded(direct))
        with cut_off(service):
            unanswered(waiting)
        assert redeem(client, link, fresh("key")).status == 409
        again = redeem(client, link, key)
        assert paid(again, link) == recorded(direct)[link.token_id]
        assert again.headers["idempotent-replayed"] == "true"


def test_a_broken_connection_after_the_commit_is_503_and_the_same_key_gets_the_reward(behind, at_rest):
    """The service cannot know whether it was paid, so it does not say so; nothing is paid again."""
    service, between, direct = behind
    with service.client() as client, ThreadPoolExecutor(1) as pool:
        link, key = issue(client), fresh("key")
        between.cut(COMMIT, "after")
        waiting = pool.submit(redeem, client, link, key)
        until(between.caught.is_set)
        until(lambda: link.token_id in recorded(direct))
        between.hang_up()
        told = waiting.result()
        assert told.status == 503
        assert int(told.headers["retry-after"]) >= 1
        assert insisting(client, partial(redeem, link=link, key=fresh("key"))).status == 409
        assert paid(redeem(client, link, key), link) == recorded(direct)[link.token_id]


ROWS = 300
SECOND_CHUNK = b"row-0260"
"""Of two: 250 rows are a transaction."""


def test_a_bulk_job_killed_half_way_gives_every_row_one_token(behind, at_rest):
    service, between, direct = behind
    key, bulk_id = fresh("key"), fresh("bulk")
    codes = [fresh("code") for _ in range(ROWS)]
    members = [fresh() for _ in range(ROWS)]
    rows = [
        order(member, code) | {"row_id": f"row-{number:04}"}
        for number, (member, code) in enumerate(zip(members, codes, strict=True))
    ]

    def job(client: Client) -> Reply:
        body = {"bulk_id": bulk_id, "rows": rows}
        return client.ask("POST", "/v1/tokens/bulk", body, **{"Idempotency-Key": key})

    with service.client() as client, ThreadPoolExecutor(1) as pool:
        between.cut(SECOND_CHUNK, "before")
        waiting = pool.submit(job, client)
        until(between.caught.is_set)
        service.kill_everything()
        unanswered(waiting)
    before = _issued(direct, bulk_id)
    assert 0 < len(before) < ROWS
    service.start()
    with service.client() as client:
        told = job(client).json["rows"]
        assert [row["row_id"] for row in told] == [row["row_id"] for row in rows]
        after = _issued(direct, bulk_id)
        assert after == {row["row_id"]: row["token_id"] for row in told}
        assert before.items() < after.items()
        assert job(client).json["rows"] == told
    links = [
        Link(row["token_id"], member, text_of(row["link"]), code)
        for row, member, code in zip(told, members, codes, strict=True)
    ]
    with clients_of(service, 8) as clients:
        replies = storm(clients, [partial(_redeemed, link=link) for link in links])
    assert {reply.status for reply in replies} == {200}
    assert {link.token_id for link in links} <= recorded(direct).keys()


def _redeemed(client: Client, link: Link) -> Reply:
    reply = redeem(client, link, fresh("key"))
    paid(reply, link)
    return reply


def _issued(url: str, bulk_id: str) -> dict[str, str]:
    """Row → token, of a job; a row with two fails."""
    wanted = text("SELECT row_id, token_id FROM tokens WHERE bulk_id = :bulk_id")
    with looking(url) as connection:
        rows = connection.execute(wanted, {"bulk_id": bulk_id}).all()
    found = dict(map(tuple, rows))
    assert len(found) == len(rows)
    return found


TOKENS = 100
CALLERS = 8
KILLED_AFTER = (50, 120)
"""Answers of 200."""


@pytest.mark.parametrize("ledger", ["sqlite", "postgres"])
def test_in_a_storm_of_kills_every_token_pays_one_of_its_two_callers(request, ledger):
    """
    Each of 100 tokens has two callers with keys of their own, who insist until they are told. Twice a web process
    is killed meanwhile.
    """
    if ledger == "sqlite":
        service = request.getfixturevalue("killed_on_sqlite")
        url = service.record_url
    else:
        service, _, url = request.getfixturevalue("behind")
    with service.client() as issuer:
        links = [issue(issuer) for _ in range(TOKENS)]
    told: dict[tuple[Link, str], Reply] = {}

    def claim(client: Client, link: Link, key: str) -> None:
        told[link, key] = insisting(client, partial(redeem, link=link, key=key))

    def kill_in_rounds() -> None:
        for some in KILLED_AFTER:
            until(partial(_are_told, told, some))
            kill(service, "web")

    clients = [service.client() for _ in range(CALLERS)]
    claims = [partial(claim, link=link, key=fresh("key")) for link in links for _ in range(2)]
    with ThreadPoolExecutor(1) as pool:
        killing = pool.submit(kill_in_rounds)
        storm(clients, claims)
        killing.result()
    rows = recorded(url)
    for link in links:
        mine = {key: reply for (one, key), reply in told.items() if one == link}
        (winner,) = (key for key, reply in mine.items() if reply.status == 200)
        assert sorted(reply.status for reply in mine.values()) == [200, 409]
        assert rows[link.token_id] == paid(mine[winner], link)
        assert insisting(clients[0], partial(redeem, link=link, key=winner)).body == mine[winner].body
    for one in clients:
        one.close()


def _are_told(told: Mapping[tuple[Link, str], Reply], some: int) -> bool:
    return len(told) >= some
