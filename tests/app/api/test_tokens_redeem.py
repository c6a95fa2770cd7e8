"""Redeeming from server to server: what is passed to the desk, what comes back, and what never does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.api.redemptions import EXAMPLE
from app.redeeming.desk import Member
from detectors.event import Device
from tests.app.api.memory_desk import CODE, RESEND_AFTER_S, TRIES
from tests.app.api.test_routes import CANARY, problem

REDEEM, CHALLENGE = "/v1/tokens/redeem", "/v1/tokens/challenge"
ORDER = {"account_id": "m-1", "purpose": "redemption", "reward": {"points": 5, "payload": {"code": "K4YQ"}}}


async def sent(service, path: str, body: bytes, key: str | None = "k-1", scope: str = "tokens"):
    headers = {"Content-Type": "application/json"} | ({} if key is None else {"Idempotency-Key": key})
    return await service.call("POST", path, scope, content=body, headers=headers)


async def token_of(service, **otp: str) -> str:
    """The text of a new token of the member `m-1`."""
    body = ORDER | ({"otp": otp} if otp else {})
    link = (await service.post("/v1/tokens", "tokens", json.dumps(body).encode())).json()["link"]
    return link.partition("#")[2]


def asked(text: Any, **members: Any) -> bytes:
    return json.dumps({"token": text, "account_id": "m-1"} | members).encode()


async def test_a_token_is_redeemed_once_and_a_lost_answer_is_given_again(service):
    text = await token_of(service)
    first = await sent(service, REDEEM, asked(text))
    assert first.status_code == 200
    assert first.json()["reward"] == {"points": 5, "payload": {"code": "K4YQ"}}
    assert "idempotent-replayed" not in first.headers
    again = await sent(service, REDEEM, asked(text))
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    problem(await sent(service, REDEEM, asked(text), key="k-2"), 409)
    assert first.headers["cache-control"] == "no-store"


async def test_the_members_address_and_device_reach_the_check(service):
    device = {"id": "kiosk-1", "user_agent": "Kiosk/1"}
    told = await sent(service, REDEEM, asked(await token_of(service), ip="2001:db8::7", device=device))
    assert told.status_code == 200
    assert service.desk.members[-1] == Member("2001:db8::7", Device(**device))


@pytest.mark.parametrize(
    ("member", "pointer"),
    [
        ({"ip": "203.0.113.256"}, "/ip"),
        ({"ip": "fe80::1%eth0"}, "/ip"),
        ({"ip": 7}, "/ip"),
        ({"device": "kiosk-1"}, "/device"),
        ({"device": {"user_agent": "x" * 513}}, "/device/user_agent"),
        ({"device": {CANARY: 1}}, ""),
    ],
)
async def test_a_member_named_badly_is_told_which_field_and_uses_nothing_up(service, member, pointer):
    text = await token_of(service)
    told = problem(await sent(service, REDEEM, asked(text, **member)), 422, pointer)
    assert CANARY not in json.dumps(told)
    assert (await sent(service, REDEEM, asked(text))).status_code == 200


async def test_a_wrong_code_is_401_without_doubting_the_key_and_too_many_are_423(service):
    text = await token_of(service, method="sms", to="+491701234567")
    told = problem(await sent(service, REDEEM, asked(text)), 401)
    assert told["type"] == "/problems/unproven"
    for guess in ("000000", ""):
        refused = await sent(service, REDEEM, asked(text, otp=guess))
        problem(refused, 401)
        assert not refused.headers["www-authenticate"].startswith("Bearer")
    assert TRIES == 3
    locked = await sent(service, REDEEM, asked(text, otp=CODE))
    problem(locked, 423)
    assert locked.headers["retry-after"] == str(RESEND_AFTER_S)


async def test_a_code_is_sent_and_lets_the_member_redeem(service):
    text = await token_of(service, method="sms", to="+491701234567")
    told = await sent(service, CHALLENGE, asked(text), key=None)
    assert told.status_code == 202
    assert set(told.json()) == {"reference", "expires_at", "resend_after_s", "destination"}
    soon = await sent(service, CHALLENGE, asked(text), key=None)
    problem(soon, 429)
    assert soon.headers["retry-after"] == str(RESEND_AFTER_S)
    assert (await sent(service, REDEEM, asked(text, otp=CODE))).status_code == 200


async def test_no_code_is_sent_where_none_is_asked_for(service):
    problem(await sent(service, CHALLENGE, asked(await token_of(service)), key=None), 409)


UNKNOWN = {
    "empty": "",
    "garbage": CANARY,
    "as long as a body may be": "x" * 16_000,
    "NUL": "a\0b",
    "half a character": "\ud800",
    "every script": "漢字 \U0001f381 \u202e ٠١٢",
    "markup": "<script>alert(1)</script>",
    "control characters": "\r\nX: y\x1b[31m",
}


@pytest.mark.parametrize("case", UNKNOWN)
async def test_any_text_that_is_no_token_gets_one_and_the_same_answer(service, case):
    """Byte for byte the same body, whatever was sent, for both calls."""
    plain = await sent(service, REDEEM, asked("unknown"))
    for path in (REDEEM, CHALLENGE):
        response = await sent(service, path, asked(UNKNOWN[case]))
        problem(response, 404)
        assert response.content == plain.content


@pytest.mark.parametrize(
    "otp", ["\ud800", "a\0", "\uff11\uff12\uff13\uff14\uff15\uff16", " 123456", "123456\n", "x" * 15_000]
)
async def test_any_text_may_be_tried_as_a_code(service, otp):
    text = await token_of(service, method="totp")
    problem(await sent(service, REDEEM, asked(text, otp=otp)), 401)


async def test_another_members_or_programmes_token_is_unknown(service):
    text = await token_of(service)
    problem(await sent(service, REDEEM, asked(text, account_id="m-2")), 404)
    service.tokens["other"] = service.add_key("tokens", program_id="other")
    problem(await sent(service, REDEEM, asked(text), scope="other"), 404)
    assert (await sent(service, REDEEM, asked(text))).status_code == 200


WRONG: dict[str, tuple[bytes, list[str]]] = {
    "token of numbers": (b'{"token":4920391,"account_id":"m-1"}', ["/token"]),
    "token in an object": (b'{"token":{"canary7f3a":"canary7f3a"},"account_id":"m-1"}', ["/token"]),
    "no token": (b'{"account_id":"m-1"}', ["/token"]),
    "token twice": (b'{"token":"canary7f3a","token":"canary7f3a","account_id":"m-1"}', ["/token"]),
    "code of a number": (asked("t", otp=4920391), ["/otp"]),
    "code in a list": (asked("t", otp=[CANARY]), ["/otp"]),
    "code beyond numbers": (b'{"token":"t","account_id":"m-1","otp":' + b"9" * 9_000 + b"}", ["/otp"]),
    "secrets for names": (asked("t", **{CANARY: 1, "4920391": 2}), [""]),
    "no account": (b'{"token":"canary7f3a"}', ["/account_id"]),
    "long account": (asked("t", account_id=CANARY * 20), ["/account_id"]),
    "no object": (b'["canary7f3a"]', [""]),
    "a text": (b'"canary7f3a"', [""]),
}


@pytest.mark.parametrize("path", [REDEEM, CHALLENGE])
@pytest.mark.parametrize("case", WRONG)
async def test_what_is_wrong_is_told_without_a_word_of_what_was_sent(service, case, path):
    """Not even the names of members: a token or a code may have slipped into one."""
    body, pointers = WRONG[case]
    if path == CHALLENGE and pointers == ["/otp"]:
        pointers = [""]  # a member it does not know
    response = await sent(service, path, body)
    problem(response, 422, *pointers)
    assert "4920391" not in response.text
    assert not service.desk.callers


@pytest.mark.parametrize("body", [b"canary7f3a", b'{"token":"canary7f3a', b"\xff", b""])
async def test_what_is_no_json_is_400_and_not_repeated(service, body):
    problem(await sent(service, REDEEM, body), 400, "")


async def test_a_redemption_without_a_call_key_is_refused(service):
    text = await token_of(service)
    problem(await sent(service, REDEEM, asked(text), key=None), 422, "/headers/Idempotency-Key")
    assert service.desk.held["tok_00000000"].state == "issued"


async def test_a_store_that_is_away_is_503(service):
    text = await token_of(service)
    service.desk.away = True
    problem(await sent(service, REDEEM, asked(text)), 503)
    problem(await sent(service, CHALLENGE, asked(text)), 503)


async def test_the_example_is_a_body_the_desk_understands(service):
    problem(await sent(service, REDEEM, json.dumps(EXAMPLE).encode()), 404)
    assert len(service.desk.callers) == 1
