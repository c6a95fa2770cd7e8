"""The redemption token of a decision over HTTP: what was checked is what is ordered."""

from __future__ import annotations

import json

from tests.app.api.conftest import Service

EVENT = {
    "event_id": "e-1", "type": "redeem", "occurred_at": "2026-11-21T12:00:00Z", "account_id": "m-1",
    "points": 300, "reward_id": "coffee", "store_id": "s-1",
}  # fmt: skip


async def decided(service: Service) -> str:
    answer = await service.post("/v1/decisions", "score", json.dumps(EVENT).encode())
    return f"/v1/decisions/{answer.json()['decision_id']}/redemption-token"


async def test_the_order_is_made_of_the_decision(service):
    path = await decided(service)
    issued = await service.post(path, "score", b'{"expires_in_s": 600}')
    assert issued.status_code == 201
    assert set(issued.json()) == {"token_id", "state", "expires_at", "token"}
    (order,) = service.desk.orders
    assert (order.account_id, order.reward.points, order.reward.reward_id) == ("m-1", 300, "coffee")
    assert (order.purpose, order.decision_id) == ("redemption", path.split("/")[3])
    assert (order.expires_in_s, order.otp_method, order.channel) == (600, "none", "none")
    again = await service.post(path, "tokens", b"{}")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "token" not in again.json()
    assert service.waits


async def test_a_decision_that_is_not_the_programmes_is_unknown(service):
    path = await decided(service)
    stranger = service.add_key("score", program_id="other")
    headers = {"Authorization": f"Bearer {stranger}", "Content-Type": "application/json"}
    assert (await service.call("POST", path, headers=headers, content=b"{}")).status_code == 404
    unknown = "/v1/decisions/dec_0/redemption-token"
    assert (await service.post(unknown, "tokens", b"{}")).status_code == 404


async def test_a_key_of_another_store_has_nothing_to_do_with_it(service):
    path = await decided(service)
    for store, status in (("s-1", 201), ("s-2", 403)):
        key = service.add_key("tokens", stores=(store,))
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        assert (await service.call("POST", path, headers=headers, content=b"{}")).status_code == status
