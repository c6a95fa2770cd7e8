"""Challenges over HTTP: the contract's statuses, one 404, and no code in any answer."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from detectors.event import Event
from tests.app.api.memory_step_ups import RIGHT

DECISION = "dec_0" + "ab" * 16
ONE = "/v1/challenges/chl_0" + "ab" * 16
CODE = {"code": "135790"}


@pytest.fixture
async def asked(service):
    """A challenged decision."""
    body = {
        "event_id": "e-1",
        "type": "earn",
        "occurred_at": "2026-11-21T12:00:00Z",
        "account_id": "m-1",
        "points": 5,
    }
    await service.post("/v1/decisions", "score", json.dumps(body).encode())
    row, event = service.record.rows[0]
    assert isinstance(event, Event)
    service.record.rows[0] = replace(row, decision_id=DECISION, decision="challenge"), event
    return service


def post(service, what, body, scope="score", one=ONE):
    return service.post(f"{one}/{what}", scope, json.dumps(body).encode())


async def test_a_code_is_sent_and_the_challenge_passed(asked):
    sent = await post(asked, "send", {"method": "sms_otp"})
    assert (sent.status_code, sent.json()["destination"]) == (202, "••• 42")
    failed = await post(asked, "verify", CODE)
    assert (failed.status_code, failed.json()["status"], "retry-after" in failed.headers) == (
        200,
        "failed",
        False,
    )
    locked = await post(asked, "verify", CODE | {"method": "totp"})
    assert (locked.json()["status"], locked.headers["retry-after"]) == ("locked", "900")
    for code in (RIGHT, "135790"):
        passed = await post(asked, "verify", {"code": code})
        assert (passed.status_code, passed.json()) == (200, {"status": "passed", "decision": "allow"})


async def test_nothing_is_sent_for_an_app_nor_for_what_is_not_there_yet(asked):
    for method in ("totp", "passkey"):
        assert (await post(asked, "send", {"method": method})).status_code == 409


async def test_whatever_is_no_challenge_has_one_answer(asked):
    bodies = set()
    for one in ("/v1/challenges/chl_0" + "cd" * 16, "/v1/challenges/nonsense", ONE.replace("chl_", "dec_")):
        for what, body in (("send", {"method": "sms_otp"}), ("verify", CODE)):
            answer = await post(asked, what, body, one=one)
            bodies.add((answer.status_code, answer.content))
    assert len(bodies) == 1
    assert bodies.pop()[0] == 404


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("send", {}), ("send", {"method": "email"}), ("send", {"method": "sms_otp", "to": "+491701234567"}),
        ("verify", {}), ("verify", {"code": 135790}), ("verify", CODE | {"method": "sms"}),
    ],
)  # fmt: skip
async def test_a_faulty_body_is_refused_and_not_repeated(asked, what, body):
    answer = await post(asked, what, body)
    assert answer.status_code == 422
    assert "135790" not in answer.text
    assert "491701234567" not in answer.text


async def test_only_who_may_score_may_ask(asked):
    for scope in ("read", "events", "tokens"):
        assert (await post(asked, "verify", CODE, scope)).status_code == 403
