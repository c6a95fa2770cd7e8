"""Webhooks over HTTP: what a programme's administrator can ask, and what is never told."""

from __future__ import annotations

import json

import pytest
from standardwebhooks import Webhook as Verifier

from app.webhooks.endpoints import MOST
from app.webhooks.events import TYPES
from app.webhooks.ports import MessageRow
from app.webhooks.posting import Answer
from tests.app.api.conftest import NOW_MS

URL = "https://shop.example/hooks?key=hush"


async def added(service, **body):
    tree = {"url": URL, "events": ["*"]} | body
    return await service.post("/v1/webhooks", "admin", json.dumps(tree).encode())


async def test_a_secret_is_shown_once_and_never_again(service):
    made = await added(service, events=["decision.created", "token.issued"], description="shop")
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    one = await service.call("GET", f"/v1/webhooks/{made.json()['webhook_id']}", "admin")
    listed = await service.call("GET", "/v1/webhooks", "admin")
    assert listed.json()["items"] == [one.json()]
    assert one.json() == {k: v for k, v in made.json().items() if k != "secret"}
    assert secret not in one.text + listed.text


@pytest.mark.parametrize("scope", ["score", "events", "tokens", "read"])
async def test_only_an_administrator_may(service, scope):
    assert (await service.call("GET", "/v1/webhooks", scope)).status_code == 403


@pytest.mark.parametrize("events", [[], ["nothing.happened"], ["webhook.test"], "*", None])
async def test_only_events_that_exist_can_be_asked_for(service, events):
    assert (await added(service, events=events)).status_code == 422


async def test_every_event_of_the_contract_can_be_asked_for(service):
    assert (await added(service, events=list(TYPES))).json()["events"] == list(TYPES)


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1"])
async def test_a_name_that_leads_inside_is_refused_without_telling_where(service, address):
    service.webhooks.leads_to["inside.example"] = ["93.184.215.14", address]
    refused = await added(service, url="https://inside.example/secret-path")
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/url"]
    assert address not in refused.text
    assert "secret-path" not in refused.text
    assert service.webhooks.store.kept == {}


async def test_a_programme_has_so_many_and_no_more(service):
    for _ in range(MOST):
        assert (await added(service)).status_code == 201
    assert (await added(service)).status_code == 409


@pytest.mark.parametrize("how", ["/v1/webhooks/{}", "/v1/webhooks?webhook_id={}"])
async def test_a_removed_webhook_is_gone(service, how):
    webhook_id = (await added(service)).json()["webhook_id"]
    assert (await service.call("DELETE", how.format(webhook_id), "admin")).status_code == 204
    assert (await service.call("DELETE", how.format(webhook_id), "admin")).status_code == 404
    assert (await service.call("GET", f"/v1/webhooks/{webhook_id}", "admin")).status_code == 404


async def test_another_programme_sees_nothing(service):
    webhook_id = (await added(service)).json()["webhook_id"]
    key = service.add_key("admin", program_id="other")
    told = {"Authorization": f"Bearer {key}"}
    assert (await service.call("GET", "/v1/webhooks", headers=told)).json()["items"] == []
    for method, path in [
        ("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/enable"), ("POST", "/test"),
        ("GET", "/messages"),
    ]:  # fmt: skip
        answer = await service.call(method, f"/v1/webhooks/{webhook_id}{path}", headers=told)
        assert answer.status_code == 404


async def test_after_a_rotation_both_secrets_verify_for_a_day_and_then_only_the_new(service, monkeypatch):
    made = (await added(service)).json()
    new = (await service.call("POST", f"/v1/webhooks/{made['webhook_id']}/rotate", "admin")).json()
    assert new["secret"] != made["secret"]
    await service.call("POST", f"/v1/webhooks/{made['webhook_id']}/test", "admin")
    service.now_ms[0] = NOW_MS + 24 * 3_600_000
    await service.call("POST", f"/v1/webhooks/{made['webhook_id']}/test", "admin")
    (_, during, body), (_, after, later) = service.webhooks.posted
    assert len(during["webhook-signature"].split()) == 2
    assert len(after["webhook-signature"].split()) == 1
    monkeypatch.setattr(Verifier, "_Webhook__verify_timestamp", _as_told)
    for secret in (made["secret"], new["secret"]):
        assert Verifier(secret).verify(body, dict(during))["type"] == "webhook.test"
    assert Verifier(new["secret"]).verify(later, dict(after))


def _as_told(_self, text):
    """The library reads the wall clock; these messages are of the test's own instant."""
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime.fromtimestamp(float(text), UTC)


@pytest.mark.parametrize(
    ("answer", "delivered"),
    [(Answer(204, "the receiver answered 204"), True), (Answer(500, "the receiver answered 500"), False),
     (Answer(None, "not reached: ConnectError"), False)],
)  # fmt: skip
async def test_the_test_button_tells_what_the_receiver_answered(service, answer, delivered):
    webhook_id = (await added(service)).json()["webhook_id"]
    service.webhooks.answer = answer
    tried = (await service.call("POST", f"/v1/webhooks/{webhook_id}/test", "admin")).json()
    assert (tried["delivered"], tried["status"], tried["detail"]) == (delivered, answer.status, answer.why)
    assert service.webhooks.posted[0][0] == URL


async def test_dead_letters_are_listed_and_go_again_from_an_instant_on(service):
    webhook_id = (await added(service)).json()["webhook_id"]
    path = f"/v1/webhooks/{webhook_id}"
    service.webhooks.store.rows = [
        MessageRow(f"msg_{n}", "token.issued", "m-1", "dead", 8, "it failed", NOW_MS + n * 1_000, NOW_MS)
        for n in range(3)
    ] + [MessageRow("msg_9", "token.issued", "", "sent", 1, "", NOW_MS, NOW_MS)]
    dead = (await service.call("GET", f"{path}/messages?state=dead", "admin")).json()["items"]
    assert [one["message_id"] for one in dead] == ["msg_2", "msg_1", "msg_0"]
    since = b'{"since": "2026-11-21T12:00:01Z"}'
    assert (await service.post(f"{path}/replay", "admin", since)).json() == {"replayed": 2}
    assert (await service.post(f"{path}/replay", "admin", b"{}")).json() == {"replayed": 1}
    assert (await service.call("GET", f"{path}/messages?state=dead", "admin")).json()["items"] == []


async def test_a_disabled_webhook_says_so_and_must_be_enabled_before_a_replay(service):
    webhook_id = (await added(service)).json()["webhook_id"]
    name, kept = ("default", webhook_id), service.webhooks.store.kept
    kept[name] = kept[name]._replace(state="disabled", why="gone", disabled_ms=NOW_MS)
    told = (await service.call("GET", f"/v1/webhooks/{webhook_id}", "admin")).json()
    assert (told["state"], told["why"]) == ("disabled", "gone")
    assert (await service.post(f"/v1/webhooks/{webhook_id}/replay", "admin", b"{}")).status_code == 409
    enabled = await service.call("POST", f"/v1/webhooks/{webhook_id}/enable", "admin")
    assert enabled.json()["state"] == "enabled"
    assert (await service.post(f"/v1/webhooks/{webhook_id}/replay", "admin", b"{}")).status_code == 200
