"""A suspicious redemption, a code from the development box, and the redemption is allowed: over HTTP, for real."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any
from zlib import crc32

import pytest

from benchmarks.installation import Client, until
from tests.e2e.events import event, fresh, instant


def _number(account_id: str) -> str:
    return f"+49151{crc32(account_id.encode()) % 10**8:08d}"


def _challenged(client: Client) -> dict[str, Any]:
    """The sixth redemption within an hour, of a member who joined a month ago."""
    account_id = fresh()
    joined = event("signup", account_id, profile={"phone": _number(account_id)}) | {
        "occurred_at": instant(days=30)
    }
    assert client.ask("POST", "/v1/events", [joined]).json["accepted"] == 1
    for _ in range(5):
        client.decide(event("redeem", account_id))
    decision = client.decide(event("redeem", account_id)).json
    assert decision["decision"] == "challenge", decision
    return decision


def _code(client: Client, number: str) -> str:
    """The code in the box of the development installation."""

    def look() -> str | None:
        for path in re.findall(r'href="(/outbox/[^"]+)"', client.get("/outbox").body.decode()):
            page = unescape(client.get(path).body.decode())
            if number in page:
                return re.findall(r"\b\d{6}\b", page.partition("<h2>Text</h2>")[2])[0]
        return None

    found: list[str | None] = []
    until(lambda: found.append(look()) or found[-1] is not None)
    return str(found[-1])


@pytest.fixture
def challenged(client: Client) -> dict[str, Any]:
    return _challenged(client)


def _path(decision: dict[str, Any], what: str) -> str:
    return f"/v1/challenges/{decision['actions'][0]['challenge_id']}/{what}"


def test_a_challenged_redemption_is_passed_with_a_code(client, challenged):
    """Sent, mistyped, typed, allowed; the answer to the event stays as it was, the record says what became of it."""
    decision_id = challenged["decision_id"]
    [action] = challenged["actions"]
    assert (action["type"], action["methods"]) == ("step_up", ["passkey", "totp", "sms_otp"])
    assert client.get(f"/v1/decisions/{decision_id}").json["challenge"]["status"] == "open"
    sent = client.ask("POST", _path(challenged, "send"), {"method": "sms_otp"})
    assert sent.status == 202, sent
    assert set(sent.json) == {"reference", "expires_at", "resend_after_s", "destination"}
    number = _number(challenged["account_id"])
    assert sent.json["destination"].endswith(number[-2:])
    assert number not in sent.body.decode()
    code = _code(client, number)
    wrong = client.ask("POST", _path(challenged, "verify"), {"code": f"{(int(code) + 1) % 10**6:06d}"})
    assert (wrong.status, wrong.json["status"], wrong.json["decision"]) == (200, "failed", "challenge")
    for _ in range(2):
        passed = client.ask("POST", _path(challenged, "verify"), {"code": code})
        assert (passed.status, passed.json) == (200, {"status": "passed", "decision": "allow"})
    told = client.get(f"/v1/decisions/{decision_id}").json
    assert (told["decision"], told["challenge"]["status"], told["challenge"]["method"]) == (
        "allow",
        "passed",
        "sms_otp",
    )
    explained = client.get(f"/v1/decisions/{decision_id}/explanation").json
    assert (explained["decision"], "passed by sms_otp" in explained["summary"]) == ("allow", True)
    account = client.get(f"/v1/accounts/{challenged['account_id']}").json
    assert account["totals"]["redeemed_points"] == 60, account


def test_sixteen_verifies_over_two_processes_pass_once(service, client, challenged):
    """Everybody is told the same, and the points are burned once."""
    assert client.ask("POST", _path(challenged, "send"), {"method": "sms_otp"}).status == 202
    code = _code(client, _number(challenged["account_id"]))
    clients = [one for few in service.clients_of_each(8) for one in few]
    with ThreadPoolExecutor(16) as pool:
        told = list(
            pool.map(lambda one: one.ask("POST", _path(challenged, "verify"), {"code": code}), clients)
        )
    for one in clients:
        one.close()
    assert {reply.body for reply in told} == {b'{"status":"passed","decision":"allow"}'}
    assert client.get(f"/v1/accounts/{challenged['account_id']}").json["totals"]["redeemed_points"] == 60


def test_what_cannot_be_passed_is_not_found(service, client, challenged):
    allowed = client.decide(event("redeem", fresh())).json
    answers = []
    for name in ("chl_" + "0" * 33, "chl_" + allowed["decision_id"][4:], "nonsense"):
        for what, body in (("send", {"method": "sms_otp"}), ("verify", {"code": "123456"})):
            answers.append(client.ask("POST", f"/v1/challenges/{name}/{what}", body))
    assert {(reply.status, reply.body) for reply in answers} == {(404, answers[0].body)}
    assert client.ask("POST", _path(challenged, "send"), {"method": "passkey"}).status == 409
    assert client.ask("POST", _path(challenged, "send"), {"method": "pigeon"}).status == 422
    assert service is not None
