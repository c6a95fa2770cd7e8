"""Issuing, looking at and revoking one-time tokens over HTTP."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.api.token_orders import PAYLOAD_DEPTH, is_address, order_of
from app.api.token_wire import PAYLOAD_BYTES, TokenBody
from app.api.tokens import EXAMPLE, ORDER_BYTES
from app.redeeming.desk import Order
from tests.app.api.conftest import NOW_MS
from tests.app.api.test_routes import CANARY, problem

PATH = "/v1/tokens"
SMS = {"method": "sms", "to": "+491701234567"}
PLAIN: dict[str, Any] = {"account_id": "m-1", "purpose": "redemption", "reward": {"points": 500}}


def body(**members: Any) -> bytes:
    return json.dumps(PLAIN | members).encode()


def mailed(**members: Any) -> bytes:
    return body(delivery={"channel": "email", "to": "m@example.com"}, otp=SMS, **members)


async def issued(service, sent: bytes, **headers: str):
    named = {"Content-Type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return await service.call("POST", PATH, "tokens", content=sent, headers=named)


async def test_the_example_of_a_token_becomes_the_order_it_describes(service):
    """Every member of the contract's body reaches the desk, and a mailed link is not given back."""
    sent = EXAMPLE | {"not_before": "2026-11-21T13:00:00+01:00", "metadata": {"a": 1}, "decision_id": "dec_1"}
    response = await issued(service, json.dumps(sent).encode())
    assert response.status_code == 201
    assert "link" not in response.json()
    (order,) = service.desk.orders
    assert order == Order(
        account_id="m-1", purpose="reward_link", reward=order.reward, payload=b'{"voucher_code":"K4YQ-7PWD-22XM"}',
        campaign_id="autumn", expires_in_s=259_200, not_before_ms=NOW_MS, channel="email",
        to="member@example.com", locale="de", otp_method="sms", otp_to="+491701234567", decision_id="dec_1",
        metadata=b'{"a":1}',
    )  # fmt: skip
    assert msgspec.to_builtins(order.reward) == {
        name: value for name, value in EXAMPLE["reward"].items() if name != "payload"
    }


async def test_what_is_left_out_has_the_contracts_defaults(service):
    """The link comes back, nothing is asked of the member, and it lives three days."""
    told = (await issued(service, body())).json()
    (order,) = service.desk.orders
    assert (order.channel, order.otp_method, order.expires_in_s, order.payload) == (
        "none",
        "none",
        259_200,
        b"",
    )
    assert told["link"].startswith("https://")
    assert told["expires_at"] == "2026-11-24T12:00:00+00:00"


async def test_a_repeated_call_gets_the_same_bytes_and_says_so(service):
    first = await issued(service, body(), Idempotency_Key="k-1")
    again = await issued(service, body(), Idempotency_Key="k-1")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    problem(await issued(service, body(account_id="m-2"), Idempotency_Key="k-1"), 409)
    assert len(service.desk.held) == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 129, "\u00e9", CANARY + "\t"])
async def test_a_call_key_is_visible_ascii_or_the_call_is_refused(service, key):
    headers = [
        (b"authorization", f"Bearer {service.tokens['tokens']}".encode()),
        (b"content-type", b"application/json"),
        (b"idempotency-key", key.encode()),
    ]
    response = await service.call("POST", PATH, content=body(), headers=dict(headers))
    problem(response, 422, "/headers/Idempotency-Key")
    assert not service.desk.orders


async def test_two_call_keys_are_none(service):
    headers = [("Authorization", f"Bearer {service.tokens['tokens']}"), ("Content-Type", "application/json")]
    headers += [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http", "method": "POST", "path": PATH, "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": body()}

    async def send(message):
        sent.append(message)

    await service.app(scope, receive, send)
    assert sent[0]["status"] == 422
    assert not service.desk.orders


BAD: dict[str, tuple[bytes, list[str]]] = {
    "unknown field": (body(zzz=CANARY), ["/zzz"]),
    "nothing promised": (body(reward={"title": "A gift"}), ["/reward"]),
    "money without currency": (body(reward={"face_value_minor": 5}), ["/reward"]),
    "currency without money": (body(reward={"points": 5, "currency": "EUR"}), ["/reward"]),
    "no currency": (body(reward={"face_value_minor": 5, "currency": "eur"}), ["/reward/currency"]),
    "negative points": (body(reward={"points": -1}), ["/reward/points"]),
    "too short a life": (body(expires_in_s=299), ["/expires_in_s"]),
    "too long a life": (body(expires_in_s=1_209_601), ["/expires_in_s"]),
    "payload of text": (body(reward={"payload": CANARY}), ["/reward/payload"]),
    "payload of a list": (body(reward={"payload": [CANARY]}), ["/reward/payload"]),
    "payload too large": (body(reward={"payload": {"a": "x" * PAYLOAD_BYTES}}), ["/reward/payload"]),
    "half a character": (b'{"payload":{"a":["\\ud800"]}}', ["/reward/payload"]),
    "NUL in a name": (b'{"payload":{"a\\u0000":1}}', ["/reward/payload"]),
    "NaN": (b'{"payload":{"a":[NaN]}}', ["/reward/payload"]),
    "repeated name": (b'{"payload":{"a":{"b":1,"b":2}}}', ["/reward/payload"]),
    "title in two lines": (body(reward={"points": 1, "title": "a\nb"}), ["/reward/title"]),
    "markup": (body(reward={"points": 1, "title": "<b>"}), ["/reward/title"]),
    "blank account": (body(account_id=" "), ["/account_id"]),
    "control character": (body(campaign_id="a\u0007"), ["/campaign_id"]),
    "no mailbox": (body(delivery={"channel": "email"}, otp=SMS), ["/delivery/to"]),
    "no receiver": (body(delivery={"channel": "webhook"}, otp=SMS), ["/delivery/to"]),
    "no proof": (body(delivery={"channel": "email", "to": "m@example.com"}), ["/otp"]),
    "two faults": (body(delivery={"channel": "email", "to": CANARY}), ["/delivery/to", "/otp"]),
    "number for a passkey": (body(otp={"method": "passkey", "to": "+491701234567"}), ["/otp/to"]),
    "no number to fall back to": (body(otp={"method": "passkey", "fallback": "sms"}), ["/otp/to"]),
    "number for an app to fall back to": (
        body(otp={"method": "passkey", "fallback": "totp", "to": "+491701234567"}),
        ["/otp/to"],
    ),
    "fallback to a mailbox": (body(otp={"method": "passkey", "fallback": "email"}), ["/otp/fallback"]),
    "fallback of a code": (body(otp={"method": "totp", "fallback": "totp"}), ["/otp/fallback"]),
    "no number": (body(otp={"method": "sms"}), ["/otp/to"]),
    "no country code": (body(otp={"method": "sms", "to": "01701234567"}), ["/otp/to"]),
    "full-width digits": (body(otp={"method": "sms", "to": "+\uff14\uff191701234567"}), ["/otp/to"]),
    "newline behind": (body(otp={"method": "sms", "to": "+491701234567\n"}), ["/otp/to"]),
    "number for an app": (body(otp={"method": "totp", "to": "+491701234567"}), ["/otp/to"]),
    "no code mailbox": (body(otp={"method": "email"}), ["/otp/to"]),
    "without offset": (body(not_before="2026-11-21T13:00:00"), ["/not_before"]),
    "long ago": (body(not_before="0001-01-01T00:00:00+14:00"), ["/not_before"]),
    "inexact metadata": (body(metadata={"a": 2**53}), ["/metadata/a"]),
    "much metadata": (body(metadata={f"n{n}": n for n in range(21)}), ["/metadata"]),
    "no purpose": (b'{"account_id":"m-1","reward":{"points":1}}', ["/purpose"]),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_body_is_told_where_it_is_wrong_and_orders_nothing(service, case):
    sent, pointers = BAD[case]
    if sent.startswith(b'{"payload"'):
        sent = body()[:-1].replace(b'{"points": 500}', sent) + b"}"
    problem(await issued(service, sent), 422, *pointers)
    assert not service.desk.orders


@pytest.mark.parametrize(
    "address",
    ["v@y.example, e@x.example", "a@b.example\nBcc: c@d.example", "a@b.example\r", "A <a@b.example>", "a", "a@b",
     "a;b@c.example", "friends: a@b.example;", "a@[127.0.0.1]", "\u00fc@b.example", " a@example.com"],
)  # fmt: skip
def test_exactly_one_plain_address_is_an_address(address):
    """What a mail program would read as two recipients, as a group or as another header is refused at the door."""
    assert not is_address(address)
    assert is_address("first.last+tag@m\u00fcnchen.de")
    assert is_address("a@shop.test")


def nested(depth: int) -> dict[str, Any]:
    return {"a": nested(depth - 1)} if depth > 1 else {"a": 1}


def test_a_payload_may_be_as_deep_and_as_large_as_stated_and_no_more():
    def made(payload: Any) -> bool:
        sent = msgspec.convert(PLAIN | {"reward": {"payload": payload}}, TokenBody)
        return isinstance(order_of(sent), Order)

    assert made(nested(PAYLOAD_DEPTH))
    assert not made(nested(PAYLOAD_DEPTH + 1))
    room = PAYLOAD_BYTES - len(b'{"a":""}')
    assert made({"a": "x" * room})
    assert not made({"a": "x" * (room + 1)})


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.text(alphabet="aé漢<&\"'\\\u2028", max_size=9)
)


@given(st.dictionaries(st.text(max_size=4), st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3))))
def test_a_payload_is_kept_as_it_was_sent(payload):
    order = order_of(msgspec.convert(PLAIN | {"reward": {"payload": payload, "points": 1}}, TokenBody))
    if isinstance(order, Order):
        assert json.loads(order.payload) == payload
    else:
        assert [fault.pointer for fault in order.items] == ["/reward/payload"]


async def test_a_body_beyond_its_size_is_413(service):
    problem(await issued(service, body() + b" " * ORDER_BYTES), 413, "")


async def test_a_refusal_of_the_desk_is_passed_on(service):
    problem(await issued(service, body(campaign_id="spent")), 409)


# ---------------------------------------------------------------- looking, revoking


async def test_a_token_is_shown_without_its_secrets(service):
    sent = mailed(reward={"points": 5, "payload": {"voucher": CANARY}}, metadata={"note": CANARY})
    token_id = (await issued(service, sent)).json()["token_id"]
    for scope in ("tokens", "read", "admin"):
        response = await service.call("GET", f"{PATH}/{token_id}", scope)
        shown = response.json()
        assert shown["state"] == "issued"
        assert shown["reward"] == {"points": 5}
        assert shown["delivery"] == {"channel": "email", "state": "waiting", "delivered_at": None}
        assert (shown["otp"], shown["attempts"], shown["codes_sent"]) == (
            {"method": "sms", "fallback": None},
            0,
            0,
        )
        for secret in (CANARY, "example.com", "+4917"):
            assert secret not in response.text


async def test_tokens_are_listed_by_account_and_campaign_a_page_at_a_time(service):
    for number in range(5):
        await issued(service, body(account_id=f"m-{number % 2}", campaign_id="c"))
    first = (await service.call("GET", f"{PATH}?account_id=m-0&campaign_id=c&limit=2", "read")).json()
    assert [item["token_id"] for item in first["items"]] == ["tok_00000004", "tok_00000002"]
    rest = await service.call("GET", f"{PATH}?account_id=m-0&limit=2&cursor={first['next_cursor']}", "read")
    assert [item["token_id"] for item in rest.json()["items"]] == ["tok_00000000"]
    assert rest.json()["next_cursor"] is None
    problem(await service.call("GET", f"{PATH}?cursor=zz", "read"), 422, "/query/cursor")


async def test_a_token_can_be_revoked_again_but_not_once_redeemed(service):
    token_id = (await issued(service, body())).json()["token_id"]
    first = await service.call("POST", f"{PATH}/{token_id}/revoke", "tokens")
    again = await service.call("POST", f"{PATH}/{token_id}/revoke", "tokens")
    assert (first.status_code, first.content) == (200, again.content)
    assert (first.json()["state"], first.json()["ended_at"]) == ("revoked", "2026-11-21T12:00:00Z")
    service.desk.held[token_id] = replace(service.desk.held[token_id], state="redeemed")
    problem(await service.call("POST", f"{PATH}/{token_id}/revoke", "tokens"), 409)


async def test_another_programmes_token_is_not_there(service):
    token_id = (await issued(service, body())).json()["token_id"]
    service.tokens["tokens"] = service.add_key("tokens", program_id="other")
    problem(await service.call("GET", f"{PATH}/{token_id}", "tokens"), 404)
    problem(await service.call("POST", f"{PATH}/{token_id}/revoke", "tokens"), 404)
    assert (await service.call("GET", PATH, "tokens")).json()["items"] == []


async def test_a_fixed_path_beside_the_tokens_is_not_taken_for_one(service):
    for fixed in ("bulk", "challenge", "redeem"):
        response = await service.call("GET", f"{PATH}/{fixed}", "tokens")
        problem(response, 405)
        assert response.headers["allow"] == "POST"


async def test_a_key_limited_to_stores_has_no_tokens(service):
    service.tokens["tokens"] = service.add_key("tokens", stores=["s-1"])
    problem(await issued(service, body()), 403)
    problem(await service.call("GET", PATH, "tokens"), 403)


async def test_a_store_that_is_away_is_503(service):
    service.desk.away = True
    problem(await issued(service, body()), 503)


async def test_the_desk_is_told_who_calls_and_from_where(service):
    await issued(service, body())
    (caller,) = service.desk.callers
    assert (caller.principal.scopes, caller.address) == (frozenset({"tokens"}), "127.0.0.1")
