"""From the record, the audit and the labels to messages: each thing told once and in order, whoever races or dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from app.seal import Seal
from app.store.sql import SqlRecord, open_engine
from app.store.sql.audit import Audit, Entry
from app.store.sql.reach import writing
from app.store.sql.webhooks import SqlEndpoints, SqlProjection, projection
from tests.app.store.hooked import KEY, NOW_MS, drained, label, lanes, told, webhook
from tests.app.store.ledger_samples import issue, new_token, open_ledger


@pytest.fixture
def endpoints(engine):
    return SqlEndpoints(engine, Seal(KEY))


@pytest.fixture
def projection_of(engine):
    return SqlProjection(engine)


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
