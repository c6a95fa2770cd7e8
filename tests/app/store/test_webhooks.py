"""Webhooks in SQL: lanes held by one sender at a time, in order, whoever races or is slow; and endpoints kept secret."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from app.seal import Seal
from app.store.sql.webhook_tables import webhook_endpoints
from app.store.sql.webhooks import SqlDeliveries, SqlEndpoints, SqlProjection
from app.webhooks.ports import Failure, HowMuch, Told
from app.webhooks.signing import fresh, rotated
from tests.app.store.hooked import KEY, NOW_MS, URL, drained, lanes, states, webhook

MUCH = HowMuch(lanes=100, failing=2, each=8, hold_ms=60_000)


@pytest.fixture
def endpoints(engine):
    return SqlEndpoints(engine, Seal(KEY))


@pytest.fixture
def deliveries(engine):
    return SqlDeliveries(engine, Seal(KEY))


@pytest.fixture
def projection_of(engine):
    return SqlProjection(engine)


@pytest.fixture
def waiting(engine, record, endpoints, projection_of, decided):
    """One endpoint and nine messages, three of each of three accounts."""
    endpoints.add(webhook(), 5)
    record.append([decided(n, account_id=f"m-{n % 3}") for n in range(9)])
    drained(projection_of)


def ids(lane):
    return tuple(message.message_id for message in lane.messages)


def all_sent(taken):
    return [Told(lane.account_id, ids(lane)) for lane in taken.lanes]


@pytest.mark.usefixtures("waiting")
def test_a_lane_that_is_held_is_nobody_elses_until_the_hold_ends(deliveries):
    taken = deliveries.take("whk_1", NOW_MS, MUCH)
    assert sorted(lane.account_id for lane in taken.lanes) == ["m-0", "m-1", "m-2"]
    bodies = {
        lane.account_id: [json.loads(m.body)["data"]["event_id"] for m in lane.messages]
        for lane in taken.lanes
    }
    assert bodies["m-1"] == ["e-1", "e-4", "e-7"]
    assert deliveries.due(NOW_MS + 59_999) == []
    assert deliveries.take("whk_1", NOW_MS + 59_999, MUCH) is None
    assert deliveries.due(NOW_MS + 60_000) == ["whk_1"]
    assert len(deliveries.take("whk_1", NOW_MS + 60_000, MUCH).lanes) == 3


@pytest.mark.usefixtures("waiting")
def test_only_so_many_of_a_lane_are_taken(deliveries):
    taken = deliveries.take("whk_1", NOW_MS, MUCH._replace(lanes=2, each=2))
    assert [len(lane.messages) for lane in taken.lanes] == [2, 2]


@pytest.mark.usefixtures("waiting")
def test_lanes_in_which_nothing_waits_end(engine, deliveries):
    taken = deliveries.take("whk_1", NOW_MS, MUCH)
    assert deliveries.settle(taken, all_sent(taken), NOW_MS + 1) is None
    assert lanes(engine) == []
    assert states(engine) == {"sent": 9}


@pytest.mark.usefixtures("waiting")
def test_a_failure_puts_off_its_own_account_and_no_other(engine, deliveries):
    taken = deliveries.take("whk_1", NOW_MS, MUCH)
    first = {lane.account_id: lane.messages[0].message_id for lane in taken.lanes}
    deliveries.settle(
        taken,
        [
            Told("m-0", (), Failure(first["m-0"], "it said 500", NOW_MS + 5_000)),
            Told("m-1", (first["m-1"],)),
            Told("m-2", (), Failure(first["m-2"], "it said 500", None)),
        ],
        NOW_MS + 1,
    )
    assert lanes(engine) == [("m-0", NOW_MS + 5_000), ("m-1", NOW_MS + 1), ("m-2", NOW_MS + 1)]
    assert states(engine) == {"sent": 1, "dead": 1, "waiting": 7}
    again = deliveries.take("whk_1", NOW_MS + 5_000, MUCH)
    assert {lane.account_id: [m.attempts for m in lane.messages] for lane in again.lanes} == {
        "m-0": [1, 0, 0], "m-1": [0, 0], "m-2": [0, 0],
    }  # fmt: skip


@pytest.mark.usefixtures("waiting")
def test_who_held_a_lane_too_long_cannot_let_go_what_another_holds(engine, deliveries):
    slow = deliveries.take("whk_1", NOW_MS, MUCH)
    quick = deliveries.take("whk_1", NOW_MS + 60_000, MUCH)
    deliveries.settle(slow, [Told(lane.account_id, ()) for lane in slow.lanes], NOW_MS + 60_001)
    assert {next_ms for _, next_ms in lanes(engine)} == {quick.until_ms}


@pytest.mark.usefixtures("waiting")
def test_an_endpoint_that_takes_nothing_is_asked_little_until_it_does(deliveries, endpoints):
    taken = deliveries.take("whk_1", NOW_MS, MUCH)
    failed = [
        Told(lane.account_id, (), Failure(ids(lane)[0], "down", NOW_MS + 1_000)) for lane in taken.lanes
    ]
    assert deliveries.settle(taken, failed, NOW_MS) == NOW_MS
    taken = deliveries.take("whk_1", NOW_MS + 1_000, MUCH)
    assert len(taken.lanes) == MUCH.failing
    failed = [
        Told(lane.account_id, (), Failure(ids(lane)[0], "down", NOW_MS + 2_000)) for lane in taken.lanes
    ]
    assert deliveries.settle(taken, failed, NOW_MS + 1_000) == NOW_MS
    taken = deliveries.take("whk_1", NOW_MS + 2_000, MUCH)
    assert deliveries.settle(taken, all_sent(taken), NOW_MS + 2_000) is None
    assert endpoints.webhook("default", "whk_1").failing_since_ms is None


def test_takers_that_race_hold_each_lane_once(engine, record, endpoints, projection_of, deliveries, decided):
    endpoints.add(webhook(), 5)
    record.append([decided(n, account_id=f"m-{n}") for n in range(60)])
    drained(projection_of)
    barrier = Barrier(4)

    def take(_):
        barrier.wait()
        found = []
        while taken := deliveries.take("whk_1", NOW_MS, MUCH._replace(lanes=4)):
            found += [lane.account_id for lane in taken.lanes]
        return found

    with ThreadPoolExecutor(4) as pool:
        found = [account for one in pool.map(take, range(4)) for account in one]
    assert sorted(found) == sorted(f"m-{n}" for n in range(60))


def test_a_message_made_while_its_lane_ends_is_not_stranded(engine, record, endpoints, deliveries, decided):
    """A projector and a sender at work on one account at the same time: in the end everything was sent, in order."""
    endpoints.add(webhook(), 5)
    count, sent = 60, []

    def make():
        mine = SqlProjection(engine)
        for n in range(count):
            record.append([decided(n)])
            mine.step(NOW_MS, 500)

    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(make)
        made, taken = False, None
        while not made or taken is not None:
            made = making.done()  # before looking: what is not seen then is not there
            taken = deliveries.take("whk_1", NOW_MS, MUCH) if deliveries.due(NOW_MS) else None
            if taken is not None:
                sent += [
                    json.loads(m.body)["data"]["event_id"] for lane in taken.lanes for m in lane.messages
                ]
                deliveries.settle(taken, all_sent(taken), NOW_MS)
        making.result()
    assert sent == [f"e-{n}" for n in range(count)]
    assert lanes(engine) == []


@pytest.mark.usefixtures("waiting")
def test_a_disabled_endpoint_has_dead_letters_and_gets_nothing_more(
    engine, record, endpoints, deliveries, projection_of, decided
):
    deliveries.disable("whk_1", "the receiver answered 410", NOW_MS + 5)
    assert states(engine) == {"dead": 9}
    assert lanes(engine) == []
    record.append([decided(100)])
    drained(projection_of)
    assert states(engine) == {"dead": 9}
    known = endpoints.webhook("default", "whk_1")
    assert (known.state, known.why, known.disabled_ms) == (
        "disabled",
        "the receiver answered 410",
        NOW_MS + 5,
    )
    assert deliveries.take("whk_1", NOW_MS + 10**9, MUCH) is None


@pytest.mark.usefixtures("waiting")
def test_dead_letters_go_again_first_and_in_order(
    engine, record, endpoints, deliveries, projection_of, decided
):
    deliveries.disable("whk_1", "gone", NOW_MS)
    assert endpoints.enable("default", "whk_1")
    record.append([decided(100, account_id="m-0")])
    drained(projection_of)
    assert endpoints.replay("default", "whk_1", NOW_MS + 1, NOW_MS, 100) == 0
    assert endpoints.replay("other", "whk_1", 0, NOW_MS, 100) == 0
    assert endpoints.replay("default", "whk_1", NOW_MS, NOW_MS, 4) == 4
    assert endpoints.replay("default", "whk_1", NOW_MS, NOW_MS, 100) == 5
    taken = deliveries.take("whk_1", NOW_MS, MUCH)
    found = {
        lane.account_id: [json.loads(m.body)["data"]["event_id"] for m in lane.messages]
        for lane in taken.lanes
    }
    assert found["m-0"] == ["e-0", "e-3", "e-6", "e-100"]
    assert {m.attempts for lane in taken.lanes for m in lane.messages} == {0}


@pytest.mark.usefixtures("waiting")
def test_messages_are_listed_newest_first_page_by_page(endpoints, deliveries):
    taken = deliveries.take("whk_1", NOW_MS, MUCH._replace(lanes=1))
    deliveries.settle(taken, all_sent(taken), NOW_MS)
    found, cursor = [], None
    while True:
        page = endpoints.messages("default", "whk_1", state="waiting", limit=4, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len({row.message_id for row in found}) == 6
    assert endpoints.messages("other", "whk_1", state=None, limit=4, cursor=None).items == []
    with pytest.raises(ValueError):
        endpoints.messages("default", "whk_1", state=None, limit=4, cursor="x")


@pytest.mark.usefixtures("waiting")
def test_a_removed_endpoint_takes_its_messages_with_it(engine, endpoints, deliveries):
    assert not endpoints.remove("other", "whk_1")
    taken = deliveries.take("whk_1", NOW_MS, MUCH)
    assert endpoints.remove("default", "whk_1")
    assert not endpoints.remove("default", "whk_1")
    deliveries.settle(taken, all_sent(taken), NOW_MS)  # who still held them changes nothing
    assert states(engine) == {}
    assert lanes(engine) == []


@pytest.mark.usefixtures("waiting")
def test_what_was_delivered_is_forgotten_first_and_dead_letters_later(engine, deliveries):
    taken = deliveries.take("whk_1", NOW_MS, MUCH._replace(lanes=1))
    deliveries.settle(taken, all_sent(taken), NOW_MS)
    deliveries.disable("whk_1", "gone", NOW_MS)
    assert deliveries.sweep(NOW_MS, NOW_MS, 100) == 0
    assert deliveries.sweep(NOW_MS + 1, NOW_MS, 2) == 2
    assert deliveries.sweep(NOW_MS + 1, NOW_MS, 100) == 1
    assert states(engine) == {"dead": 6}
    assert deliveries.sweep(NOW_MS, NOW_MS + 1, 100) == 6


def test_neither_url_nor_secret_can_be_read_in_the_database(engine, endpoints):
    secret = fresh()
    endpoints.add(webhook(secrets=(secret,)), 5)
    with engine.connect() as connection:
        row = connection.execute(select(webhook_endpoints)).one()
    assert secret.key not in row.sealed
    assert b"hush" not in row.sealed
    assert "hush" not in repr(row)
    known = endpoints.webhook("default", "whk_1")
    assert known.url == URL
    assert known.secrets == (secret,)
    assert "hush" not in repr(known)
    assert repr(secret.key) not in repr(known) + repr(secret)


def test_of_two_rotations_at_once_one_is_told_to_ask_again(endpoints):
    first = fresh()
    endpoints.add(webhook(secrets=(first,)), 5)
    one, other = rotated((first,), fresh(), NOW_MS), rotated((first,), fresh(), NOW_MS)
    assert endpoints.keep_secrets("default", "whk_1", one)
    assert not endpoints.keep_secrets("default", "whk_1", other)
    assert endpoints.webhook("default", "whk_1").secrets == one


def test_of_endpoints_made_at_once_no_more_are_made_than_may_be(endpoints):
    barrier = Barrier(6)

    def add(n):
        barrier.wait()
        return endpoints.add(webhook(n), 3)

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(add, range(6)))
    assert sum(made) == 3
    assert len(endpoints.webhooks("default")) == 3
