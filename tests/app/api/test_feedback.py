"""What people say, over the API: judged pairs, households, shared contexts; and what they cannot say."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.anyio
PAIR = "/v1/accounts/m-2/links/m-1"
CONTEXT = {"kind": "ip", "value": "192.0.2.9/24", "context": "office_nat", "reason": "their office"}


def body(**given) -> bytes:
    return json.dumps(given).encode()


async def put(service, path, scope="admin", **given):
    return await service.call(
        "PUT", path, scope, content=body(**given), headers={"Content-Type": "application/json"}
    )


async def test_a_verdict_is_read_from_either_side_until_it_is_taken_back(service):
    said = await put(service, PAIR, verdict="household", reason="they called")
    assert said.status_code == 200
    assert said.json()["account_id"] == "m-2"
    turned = await service.call("GET", "/v1/accounts/m-1/links/m-2", "read")
    assert (turned.json()["verdict"], turned.json()["reason"]) == ("household", "they called")
    assert (await service.call("DELETE", PAIR, "admin")).status_code == 204
    for method in ("GET", "DELETE"):
        assert (await service.call(method, PAIR, "admin")).status_code == 404


async def test_nobody_is_judged_against_themselves(service):
    assert (
        await put(service, "/v1/accounts/m-1/links/m-1", verdict="unrelated", reason="x")
    ).status_code == 404
    assert service.api.heard.pairs == {}


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"verdict": "cousins", "reason": "x"}, "/verdict"),
        ({"verdict": "unrelated"}, "/reason"),
        ({"verdict": "unrelated", "reason": "x", "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
    ],
)
async def test_a_faulty_verdict_names_its_field(service, given, pointer):
    refused = await put(service, PAIR, **given)
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]


async def test_a_household_is_released_pair_by_pair_in_one_call(service):
    said = await service.post(
        "/v1/households", "admin", body(accounts=["m-3", "m-1", "m-2"], reason="family")
    )
    assert said.json() == {"accounts": ["m-1", "m-2", "m-3"], "pairs": 3}
    assert {row.verdict for row in service.api.heard.pairs.values()} == {"household"}
    twice = await service.post("/v1/households", "admin", body(accounts=["m-1", "m-1"], reason="family"))
    assert twice.json()["errors"][0]["pointer"] == "/accounts"


async def test_a_context_is_marked_listed_and_removed(service):
    made = await service.post("/v1/contexts", "admin", body(**CONTEXT))
    assert (made.status_code, made.json()["value"]) == (201, "192.0.2.0/24")
    listed = (await service.call("GET", "/v1/contexts", "read")).json()
    assert listed == {"items": [made.json()], "next_cursor": None}
    named = f"/v1/contexts?context_id={made.json()['context_id']}"
    assert (await service.call("DELETE", named, "admin")).status_code == 204
    assert (await service.call("DELETE", named, "admin")).status_code == 404


@pytest.mark.parametrize("value", ["everywhere", "192.0.2.9/99"])
async def test_an_address_that_is_none_is_refused(service, value):
    refused = await service.post("/v1/contexts", "admin", body(**(CONTEXT | {"value": value})))
    assert refused.json()["errors"][0]["pointer"] == "/value"


@pytest.mark.parametrize("path", ["/v1/contexts", "/v1/households"])
async def test_only_admins_say_such_things(service, path):
    for scope in ("score", "events", "tokens", "read"):
        assert (await service.post(path, scope, b"{}")).status_code == 403
        assert (await put(service, PAIR, scope, verdict="household", reason="x")).status_code == 403


async def test_every_act_tells_the_workers(service):
    await service.post("/v1/labels", "events", body(account_id="m-1", label="fraud", source="chargebacks"))
    await put(service, PAIR, verdict="household", reason="they called")
    assert len(service.lists_changed) == 2
    (word,) = service.api.heard.words
    assert (word.account_id, word.subject, word.label) == ("m-1", "", "fraud")
