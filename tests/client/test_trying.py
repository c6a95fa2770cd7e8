"""One retry, on the right failures, the same event and the same key, within one deadline."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import pytest

from earnest_client import Away, Event, Invalid, Reward, TooMany
from earnest_client.calls import Answer, Call, Pause
from earnest_client.trying import ask
from tests.client.odd_server import (
    answers,
    decides,
    drips,
    drips_a_body,
    hangs,
    resets,
    takes,
    truncates,
)

EVENT = Event(type="redeem", occurred_at=datetime(2026, 3, 1, tzinfo=UTC), account_id="m-1", points=5)
ISSUED = {"token_id": "tok_1", "state": "issued", "expires_at": "2026-03-02T00:00:00Z"}
REDEEMED = {"token_id": "tok_1", "redemption_id": "rdm_1", "reward": {"points": 5}}
SENT = {"reference": "AB", "expires_at": "2026-03-02T00:00:00Z", "resend_after_s": 30, "destination": "+49…7"}
LABELLED = {
    "label_id": "lbl_1", "account_id": "m-1", "event_id": None, "label": "fraud", "typology": None,
    "source": "x", "labelled_at": "2026-03-02T00:00:00Z", "labelled_by": "till",
}  # fmt: skip
PASSING = {
    "reset": resets,
    "truncated": truncates,
    "502": answers(502),
    "503": answers(503),
    "503 at once": answers(503, Retry_After="0"),
    "504": answers(504),
    "429": answers(429, Retry_After="0"),
}
LASTING = {"hangs": hangs, "drips": drips, "drips a body": drips_a_body}


@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING)
def test_a_passing_failure_is_tried_once_more_with_the_same_event(odd, earnest, failure):
    odd.will(failure, decides())
    decision = earnest.decide(EVENT)
    assert (decision.source, decision.decision) == ("detectors", "allow")
    first, second = odd.heard
    assert first.body == second.body
    assert first.json["event_id"] == decision.event_id != ""


@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING)
def test_there_is_no_third_try(odd, earnest, failure):
    odd.will(failure)
    decision = earnest.decide(EVENT)
    assert (decision.source, decision.decision) == ("fallback", "challenge")
    assert len(odd.heard) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422, 423, 425, 500, 501, 302, 204])
def test_any_other_answer_is_not_repeated(odd, earnest, status):
    odd.will(answers(status, {"title": "No"}))
    with pytest.raises(Exception, match=str(status) if status != 204 else "read|204"):
        earnest.token("tok_1")
    assert len(odd.heard) == 1


@pytest.mark.parametrize("failure", LASTING.values(), ids=LASTING)
def test_a_decision_is_made_at_the_deadline_however_slowly_bytes_arrive(odd, hasty, failure):
    """These servers never end by themselves: without the deadline neither would this test."""
    odd.will(failure)
    decision = hasty.decide(EVENT)
    assert decision.degraded == ("client: no answer within 0.2 s",)
    assert len(odd.heard) <= 1


@pytest.mark.parametrize("failure", LASTING.values(), ids=LASTING)
def test_the_deadline_is_over_both_tries(odd, hasty, failure):
    odd.will(answers(503), failure)
    assert hasty.decide(EVENT).degraded == ("client: no answer within 0.2 s",)
    assert len(odd.heard) <= 2


def test_the_second_try_has_what_the_first_left():
    talk = ask(Call("GET", "/", dict, patience_s=5.0))
    first = next(talk)
    assert isinstance(talk.send(Answer(503, {}, b"")), Pause)
    second = talk.send(None)
    assert 0 < second.within_s < first.within_s <= 5.0


@pytest.mark.parametrize("status", [429, 503])
def test_a_longer_wait_than_the_deadline_is_not_waited_for(odd, hasty, status):
    odd.will(answers(status, Retry_After="1"), decides())
    assert hasty.decide(EVENT).source == "fallback"
    assert len(odd.heard) <= 1


def test_what_is_no_number_of_seconds_is_not_taken_for_one(odd, earnest):
    odd.will(answers(503, Retry_After="Sun, 01 Mar 2026 00:00:00 GMT"), decides())
    assert earnest.decide(EVENT).source == "detectors"
    odd.will(answers(503, Retry_After="9" * 400), decides())
    assert earnest.decide(EVENT).source == "detectors"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"null", b"[]", b'{"decision": "allow"}', b"\xff\xfe", b'{"decision_id": 3}']
)
def test_an_answer_that_cannot_be_read_is_none(odd, earnest, body):
    odd.will(answers(200, body))
    assert earnest.decide(EVENT).degraded == ("client: its answer cannot be read",)
    assert len(odd.heard) == 1
    with pytest.raises(Away):
        earnest.token("tok_1")


def test_an_action_nobody_knows_is_not_acted_on(odd, earnest):
    odd.will(decides(decision="shrug"))
    assert (earnest.decide(EVENT).source, earnest.decide(EVENT).decision) == ("fallback", "challenge")


def test_nobody_there_is_away_and_a_closed_client_can_go_on(odd, connect):
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        address = f"http://127.0.0.1:{reserved.getsockname()[1]}"
    nobody = connect(base_url=address)
    assert nobody.decide(EVENT).degraded == ("client: it cannot be reached",)
    with pytest.raises(Away, match="cannot be reached"):
        nobody.send_code("t", "m-1")
    odd.will(decides())
    somebody = connect()
    assert somebody.decide(EVENT).allowed
    somebody.close()
    assert somebody.decide(EVENT).allowed


def test_a_token_call_repeats_its_key_and_tells_it(odd, earnest):
    calls = {
        "/v1/tokens": (
            lambda **key: earnest.issue_token("m-1", Reward(points=5), **key),
            answers(201, ISSUED),
        ),
        "/v1/tokens/redeem": (lambda **key: earnest.redeem_token("t", "m-1", **key), answers(200, REDEEMED)),
    }
    for path, (call, answer) in calls.items():
        odd.will(resets, answer)
        made = call().idempotency_key
        assert [one.path for one in odd.heard] == [path, path]
        assert [one.headers["idempotency-key"] for one in odd.heard] == [made, made]
        odd.will(answer)
        assert call(idempotency_key="mine-1").idempotency_key == "mine-1"
        assert odd.heard[0].headers["idempotency-key"] == "mine-1"
        odd.will(resets)
        with pytest.raises(Away) as away:
            call()
        assert away.value.idempotency_key == odd.heard[0].headers["idempotency-key"] != made


@pytest.mark.parametrize("failure", [resets, truncates, answers(502), answers(504), answers(500)])
def test_what_would_happen_twice_is_not_repeated_once_it_may_have_arrived(odd, earnest, failure):
    odd.will(failure, answers(202, SENT))
    with pytest.raises(Away):
        earnest.send_code("t", "m-1")
    assert len(odd.heard) == 1
    odd.will(failure, answers(201, LABELLED))
    with pytest.raises(Away):
        earnest.label("fraud", source="x", account_id="m-1")
    assert len(odd.heard) == 1


def test_what_was_not_done_is_repeated_always(odd, earnest):
    odd.will(answers(503, Retry_After="0"), answers(202, SENT))
    assert earnest.send_code("t", "m-1").reference == "AB"
    odd.will(answers(429, Retry_After="0"), answers(201, LABELLED))
    assert earnest.label("fraud", source="x", account_id="m-1").label_id == "lbl_1"


def test_too_many_is_said_where_there_is_no_fallback(odd, connect):
    odd.will(answers(429, {"type": "/problems/too-many-requests"}, Retry_After="70"))
    with pytest.raises(TooMany) as refused:
        connect(fallback=None).decide(EVENT)
    assert refused.value.retry_after_s == 70
    assert connect().decide(EVENT).degraded == ("client: it is asked too often",)


def test_an_event_that_is_wrong_is_refused_and_not_fallen_back_from(odd, earnest):
    odd.will(
        answers(
            422, {"title": "Invalid request", "errors": [{"pointer": "/points", "message": "is required"}]}
        )
    )
    with pytest.raises(Invalid, match=r"422 Invalid request: /points is required"):
        earnest.decide(EVENT)


def test_many_are_sent_in_parts_and_after_the_first_silence_not_at_all(odd, earnest):
    odd.will(decides())
    rows = earnest.decide_many([EVENT] * 2_001)
    assert [len(one.json) for one in odd.heard] == [1_000, 1_000, 1]
    assert [row.event_id for row in rows] == [row["event_id"] for one in odd.heard for row in one.json]
    odd.will(decides(), answers(500))
    rows = earnest.decide_many([EVENT] * 3_000)
    assert [row.source for row in rows] == ["detectors"] * 1_000 + ["fallback"] * 2_000
    assert len(odd.heard) == 2


def test_a_row_that_a_store_could_not_decide_is_fallen_back_from(odd, earnest):
    rows = [{"event_id": "a", "error": {"status": status, "title": "No"}} for status in (503, 422)]
    odd.will(answers(200, {"decisions": rows}))
    away, bad = earnest.decide_many([EVENT, EVENT])
    assert (away.source, away.decision) == ("fallback", "challenge")
    assert bad.error.status == 422
    odd.will(answers(200, {"decisions": rows[:1]}))
    assert [row.source for row in earnest.decide_many([EVENT, EVENT])] == ["fallback"] * 2


def test_what_is_told_in_parts_is_counted_as_one(odd, earnest):
    odd.will(takes, answers(202, {"accepted": 1, "duplicates": 2, "rejected": [{"row": 1, "event_id": "x"}]}))
    told = earnest.tell([EVENT] * 1_004)
    assert (told.accepted, told.duplicates, told.rejected[0].row) == (1_001, 2, 1_001)
