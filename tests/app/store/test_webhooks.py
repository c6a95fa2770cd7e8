"""Webhooks in SQL: each thing told once and in order, whoever races, dies or is slow."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select, text

from app.ports import Label
from app.seal import Seal
from app.store.sql import SqlRecord, open_engine
from app.store.sql.audit import Audit, Entry
from app.store.sql.reach import writing
from app.store.sql.webhook_tables import webhook_endpoints, webhook_lanes, webhook_messages
from app.store.sql.webhooks import SqlDeliveries, SqlEndpoints, SqlProjection, projection
from app.webhooks.ports import Failure, HowMuch, Secret, Told, Webhook
from app.webhooks.signing import fresh, rotated
from tests.app.store.ledger_samples import issue, new_token, open_ledger

NOW_MS = 1_772_366_400_000
KEY = bytes(range(32))
MUCH = HowMuch(lanes=100, failing=2, each=8, hold_ms=60_000)
URL = "https://shop.example/hooks?key=hush"


@pytest.fixture
def endpoints(engine):
    return SqlEndpoints(engine, Seal(KEY))


@pytest.fixture
def deliveries(engine):
    return SqlDeliveries(engine, Seal(KEY))


@pytest.fixture
def projection_of(engine):
    return SqlProjection(engine)


def webhook(n=1, **other):
    usual = {
        "webhook_id": f"whk_{n}", "program_id": "default", "url": URL, "events": ("*",), "description": "",
        "secrets": (Secret(b"s" * 32),), "created_ms": NOW_MS + n,
    }  # fmt: skip
    return Webhook(**(usual | other))


def label(n, **other):
    usual = {
        "label_id": f"lbl_{n}", "program_id": "default", "account_id": "m-1", "event_id": None,
        "label": "fraud", "typology": None, "source": "s", "labelled_ms": NOW_MS + n, "labelled_by": "k",
    }  # fmt: skip
    return Label(**(usual | other))


def drained(projecting, limit=500):
    while projecting.step(NOW_MS, limit):
        pass


def told(engine, webhook_id="whk_1"):
    of = webhook_messages.c
    with engine.connect() as connection:
        rows = connection.execute(select(of.body).where(of.webhook_id == webhook_id).order_by(of.number))
        return [json.loads(body) for body in rows.scalars()]


def states(engine):
    of = webhook_messages.c
    with engine.connect() as connection:
        rows = connection.execute(select(of.state, func.count().label("messages")).group_by(of.state))
        return {row.state: row.messages for row in rows}


def lanes(engine):
    with engine.connect() as connection:
        return sorted(connection.execute(select(webhook_lanes.c.account_id, webhook_lanes.c.next_ms)).all())


def test_a_decision_is_told_with_ids_and_codes_and_nothing_else(
    engine, record, endpoints, projection_of, decided
):
    endpoints.add(webhook(), 5)
    answer = (
        b'{"risk_level":"high","mode":"enforce","reasons":[{"code":"A","message":"x","evidence":{"ip":"1"}},'
        b'{"code":"B"}],"actions":[{"secret":"s"}]}'
    )
    record.append([decided(1, answer=answer, decision="review", device=None)])
    drained(projection_of)
    (one,) = told(engine)
    assert one["type"] == "decision.created"
    assert one["timestamp"] == "2026-03-01T12:00:00.001Z"
    assert one["data"] == {
        "decision_id": "dec_1", "event_id": "e-1", "account_id": "m-1", "event_type": "earn",
        "decision": "review", "risk_score": 12.34, "source": "detectors", "risk_level": "high",
        "mode": "enforce", "reasons": ["A", "B"],
    }  # fmt: skip


def test_each_decision_is_told_once_in_order_however_often_it_is_looked_for(
    engine, record, endpoints, projection_of, decided
):
    endpoints.add(webhook(), 5)
    record.append([decided(n, account_id=f"m-{n % 3}") for n in range(20)])
    for _ in range(9):
        projection_of.step(NOW_MS, 3)
    drained(projection_of)
    assert [one["data"]["event_id"] for one in told(engine)] == [f"e-{n}" for n in range(20)]
    assert [account for account, _ in lanes(engine)] == ["m-0", "m-1", "m-2"]


def test_history_handed_in_and_other_programmes_are_not_told(
    engine, record, endpoints, projection_of, decided
):
    endpoints.add(webhook(), 5)
    record.append([decided(1, origin="event"), decided(2, program_id="other"), decided(3, origin="batch")])
    drained(projection_of)
    assert [one["data"]["event_id"] for one in told(engine)] == ["e-3"]


def test_what_happened_before_there_was_an_endpoint_is_passed_over_at_once(
    engine, record, endpoints, projection_of, decided
):
    record.append([decided(n) for n in range(50)])
    record.add_label(label(1))
    assert projection_of.step(NOW_MS, 10) == 0
    endpoints.add(webhook(), 5)
    assert projection_of.step(NOW_MS, 10) == 0
    record.append([decided(50)])
    drained(projection_of)
    assert [one["data"]["event_id"] for one in told(engine)] == ["e-50"]


def test_a_second_endpoint_passes_over_nothing_that_the_first_has_yet_to_be_told(
    engine, record, endpoints, projection_of, decided
):
    endpoints.add(webhook(1), 5)
    record.append([decided(1)])
    endpoints.add(webhook(2), 5)
    drained(projection_of)
    assert [one["data"]["event_id"] for one in told(engine, "whk_1")] == ["e-1"]


def test_a_stretch_of_which_nobody_wants_anything_is_passed_over_at_once(
    engine, record, endpoints, projection_of, decided
):
    endpoints.add(webhook(events=("label.recorded",)), 5)
    record.append([decided(n) for n in range(50)])
    assert projection_of.step(NOW_MS, 10) == 10
    assert projection_of.step(NOW_MS, 10) == 0
    assert told(engine) == []


def test_an_endpoint_is_told_only_what_it_asked_for(engine, record, endpoints, projection_of, decided):
    endpoints.add(webhook(1, events=("label.recorded",)), 5)
    endpoints.add(webhook(2, events=("decision.created", "label.recorded")), 5)
    record.append([decided(1)])
    record.add_label(label(1, account_id=None, event_id="e-1"))
    drained(projection_of)
    assert [one["type"] for one in told(engine, "whk_1")] == ["label.recorded"]
    assert [one["type"] for one in told(engine, "whk_2")] == ["decision.created", "label.recorded"]
    assert [account for account, _ in lanes(engine)] == ["m-1", "m-1"]  # the label's event is the member's


def test_tokens_and_their_codes_are_told_from_the_audit_with_the_member(engine, endpoints, projection_of):
    endpoints.add(webhook(), 5)
    audit, token = Audit(KEY), new_token(1)
    issue(open_ledger(engine, audit), token)
    with writing(engine) as connection:
        for event in ("otp.sent", "otp.failed", "otp.verified", "token.redeemed", "account.locked"):
            subject = "m-7" if event == "account.locked" else token.token_id
            audit.append(connection, [Entry(NOW_MS, "default", event, subject, "k")])
        audit.append(connection, [Entry(NOW_MS, "default", "otp.failed", "ab" * 32, "k")])
    drained(projection_of)
    found = told(engine)
    assert [one["type"] for one in found] == [
        "token.issued", "challenge.failed", "challenge.passed", "token.redeemed", "account.locked",
    ]  # fmt: skip
    assert found[0]["data"] == {"token_id": token.token_id, "account_id": token.account_id}
    assert found[-1]["data"] == {"account_id": "m-7"}


def test_a_projector_that_dies_leaves_neither_messages_nor_a_moved_cursor(
    engine, record, endpoints, projection_of, decided, monkeypatch
):
    endpoints.add(webhook(), 5)
    record.append([decided(n) for n in range(5)])
    with monkeypatch.context() as patch:

        def dies(*_):
            raise KeyboardInterrupt

        patch.setattr(projection, "open_lanes", dies)
        with pytest.raises(KeyboardInterrupt):
            projection_of.step(NOW_MS, 500)
    assert told(engine) == []
    drained(projection_of)
    assert len(told(engine)) == 5


def test_projectors_that_race_make_each_message_once(engine, record, endpoints, decided):
    for n in (1, 2):
        endpoints.add(webhook(n), 5)
    record.append([decided(n, account_id=f"m-{n % 7}") for n in range(120)])
    barrier = Barrier(4)

    def project(_):
        mine = SqlProjection(engine)
        barrier.wait()
        for _ in range(10):
            mine.step(NOW_MS, 7)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(project, range(4)))
    drained(SqlProjection(engine))
    for n in (1, 2):
        assert [one["data"]["event_id"] for one in told(engine, f"whk_{n}")] == [f"e-{k}" for k in range(120)]


def test_a_label_under_way_is_not_passed_over_by_one_that_was_committed_before_it(postgres_url):
    """PostgreSQL gives numbers when a row is written, not when it is committed."""
    engine = open_engine(postgres_url)
    SqlEndpoints(engine, Seal(KEY)).add(webhook(), 5)
    record = SqlRecord(engine, Seal(KEY))
    with ThreadPoolExecutor(1) as pool:
        with engine.connect() as slow, slow.begin():
            slow.execute(
                text(
                    "INSERT INTO labels (label_id, program_id, account_id, label, source, labelled_ms, labelled_by)"
                    " VALUES ('lbl_slow', 'default', 'm-1', 'fraud', 's', 1, 'k')"
                )
            )
            record.add_label(label(2))
            stepping = pool.submit(SqlProjection(engine).step, NOW_MS, 500)
            while not slow.execute(text("SELECT 1 FROM pg_locks WHERE NOT granted")).first():
                pass
        stepping.result()
    drained(SqlProjection(engine))
    assert [one["data"]["label_id"] for one in told(engine)] == ["lbl_slow", "lbl_2"]
    engine.dispose()


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
