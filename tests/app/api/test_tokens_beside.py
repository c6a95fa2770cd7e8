"""What stands beside tokens: campaigns' budgets and members' authenticator apps."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from tests.app.api.memory_desk import CODE
from tests.app.api.test_routes import CANARY, problem

BUDGET = "/v1/campaigns/autumn/budget"
APPS = "/v1/accounts/m-1/authenticators"
NONE = {"max_tokens": None, "max_points": None, "max_face_value_minor": None, "currency": None}


async def put(service, body: dict[str, Any], scope: str = "admin"):
    headers = {"Content-Type": "application/json"}
    return await service.call("PUT", BUDGET, scope, content=json.dumps(body).encode(), headers=headers)


async def test_a_budget_is_set_as_a_whole_and_keeps_what_is_used(service):
    problem(await service.call("GET", BUDGET, "read"), 404)
    limits = {"max_tokens": 100, "max_points": 5_000, "max_face_value_minor": 10_000, "currency": "EUR"}
    unused = {"tokens": 0, "points": 0, "face_value_minor": 0}
    assert (await put(service, limits)).json() == {"campaign_id": "autumn"} | limits | {"used": unused}
    (name,) = service.desk.budgets
    service.desk.budgets[name] = replace(service.desk.budgets[name], tokens=3, points=7, face_value_minor=9)
    for scope in ("tokens", "read", "admin"):
        used = (await service.call("GET", BUDGET, scope)).json()["used"]
        assert used == {"tokens": 3, "points": 7, "face_value_minor": 9}
    assert (await put(service, {"max_tokens": 1})).json() == (
        {"campaign_id": "autumn"} | NONE | {"max_tokens": 1, "used": unused}
    )


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"max_tokens": -1}, "/max_tokens"),
        ({"max_points": 1.5}, "/max_points"),
        ({"max_face_value_minor": 5}, "/currency"),
        ({"max_face_value_minor": 5, "currency": CANARY}, "/currency"),
        ({"zzz": CANARY}, "/zzz"),
    ],
)
async def test_a_budget_that_makes_no_sense_is_refused(service, body, pointer):
    problem(await put(service, body), 422, pointer)
    assert not service.desk.budgets


@pytest.mark.parametrize("scope", ["tokens", "read"])
async def test_who_issues_does_not_set_the_budget(service, scope):
    problem(await put(service, {"max_tokens": 1}, scope), 403)


async def test_budgets_are_a_programmes_own(service):
    await put(service, {"max_tokens": 1})
    service.tokens["read"] = service.add_key("read", program_id="other")
    problem(await service.call("GET", BUDGET, "read"), 404)


# ---------------------------------------------------------------- authenticator apps


async def enrolled(service) -> dict[str, Any]:
    response = await service.post(APPS, "tokens", b'{"kind": "totp"}')
    assert response.status_code == 201
    told: dict[str, Any] = response.json()
    return told


async def test_an_app_is_enrolled_with_a_picture_that_can_stand_in_any_page(service):
    """Well-formed SVG without declaration, script, style or reference to elsewhere, dark on white."""
    told = await enrolled(service)
    assert told["otpauth_uri"].startswith("otpauth://totp/")
    assert told["qr_svg"].startswith("<svg ")
    drawn = ET.fromstring(told["qr_svg"])  # noqa: S314 - our own
    assert {element.tag.rpartition("}")[2] for element in drawn.iter()} <= {"svg", "title", "g", "path"}
    assert {"style", "href", "onload"}.isdisjoint(name for element in drawn.iter() for name in element.attrib)
    assert "#fff" in told["qr_svg"]


async def test_an_app_is_confirmed_by_its_code_and_forgotten_once(service):
    path = f"{APPS}/{(await enrolled(service))['authenticator_id']}"
    wrong = await service.post(f"{path}/confirm", "tokens", b'{"code": "canary7f3a"}')
    assert problem(wrong, 401)["type"] == "/problems/unproven"
    right = await service.post(f"{path}/confirm", "tokens", json.dumps({"code": CODE}).encode())
    assert (right.status_code, right.json()) == (200, {"status": "confirmed"})
    assert (await service.call("DELETE", path, "tokens")).status_code == 204
    problem(await service.call("DELETE", path, "tokens"), 404)
    problem(await service.post(f"{path}/confirm", "tokens", json.dumps({"code": CODE}).encode()), 404)


@pytest.mark.parametrize("body", [b'{"code": 4920391}', b'{"code": null}', b'{"code": ["4920391"]}'])
async def test_a_code_of_another_type_is_not_repeated(service, body):
    path = f"{APPS}/{(await enrolled(service))['authenticator_id']}/confirm"
    response = await service.post(path, "tokens", body)
    problem(response, 422, "/code")
    assert "4920391" not in response.text


async def test_an_app_belongs_to_one_member_of_one_programme(service):
    name = (await enrolled(service))["authenticator_id"]
    body = json.dumps({"code": CODE}).encode()
    problem(await service.post(f"/v1/accounts/m-2/authenticators/{name}/confirm", "tokens", body), 404)
    problem(await service.call("DELETE", f"/v1/accounts/m-2/authenticators/{name}", "tokens"), 404)
    service.tokens["tokens"] = service.add_key("tokens", program_id="other")
    problem(await service.post(f"{APPS}/{name}/confirm", "tokens", body), 404)


async def test_another_kind_of_authenticator_is_refused(service):
    problem(await service.post(APPS, "tokens", b'{"kind": "canary7f3a"}'), 422, "/kind")
