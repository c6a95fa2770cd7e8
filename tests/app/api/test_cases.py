"""Cases through the API: a page, one, a move, many at once, a note; nobody else's programme, no stale form."""

from __future__ import annotations

import json

import pytest

from tests.app.api.memory_cases import OPENED_MS, case_of

ONE = "/v1/cases/cas_1"


@pytest.fixture
def kept(service):
    service.cases.kept = {
        name: case_of(name, account_id=f"m-{n}") for n, name in enumerate(("cas_1", "cas_2", "cas_3"))
    }
    service.cases.kept["cas_9"] = case_of("cas_9", program_id="other")
    return service.cases.kept


async def patch(service, path, scope="admin", **body):
    return await service.call(
        "PATCH", path, scope, content=json.dumps(body), headers={"Content-Type": "application/json"}
    )


async def test_a_page_of_the_programmes_own_cases(service, kept):
    first = (await service.call("GET", "/v1/cases?limit=2", "read")).json()
    assert [item["case_id"] for item in first["items"]] == ["cas_1", "cas_2"]
    rest = (await service.call("GET", f"/v1/cases?limit=2&cursor={first['next_cursor']}", "read")).json()
    assert [item["case_id"] for item in rest["items"]] == ["cas_3"]
    assert rest["next_cursor"] is None
    assert first["items"][0]["due_by"] == "2026-11-22T12:00:00Z"
    assert (await service.call("GET", "/v1/cases?state=closed", "read")).json()["items"] == []


async def test_one_case_and_nobody_elses(service, kept):
    found = (await service.call("GET", ONE, "read")).json()
    assert (found["case"]["case_id"], found["partner_ids"], found["moves"]) == ("cas_1", ["p-1"], [])
    assert (await service.call("GET", "/v1/cases/cas_9", "read")).status_code == 404
    assert (await patch(service, "/v1/cases/cas_9", move="claim", version=1)).status_code == 404
    assert kept["cas_9"].state == "open"


async def test_a_key_claims_and_closes(service, kept):
    taken = (await patch(service, ONE, move="claim", version=1)).json()
    assert (taken["state"], taken["version"]) == ("in_progress", 2)
    done = await patch(
        service, ONE, move="close", version=2, resolution="legitimate", reason="A son at sea.", spent_s=70
    )
    assert done.status_code == 200
    assert (done.json()["resolution"], done.json()["overridden"], done.json()["spent_s"]) == (
        "legitimate",
        True,
        70,
    )


async def test_a_stale_form_is_refused_with_what_changed(service, kept):
    await patch(service, ONE, move="claim", version=1)
    late = await patch(service, ONE, move="escalate", version=1)
    assert late.status_code == 409
    assert "changed meanwhile" in late.json()["detail"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"move": "close", "resolution": "fraud"}, "/reason"),
        ({"move": "close", "reason": "because"}, "/resolution"),
        ({"move": "close", "resolution": "merged", "reason": "no"}, "/resolution"),
        ({"move": "wait", "waiting_for": "member"}, "/until"),
        ({"move": "hold", "until": "2099-01-01T00:00:00Z"}, "/until"),
        ({"move": "expire"}, "/move"),
        ({"move": "escalate", "reason": "x" * 10_001}, "/reason"),
    ],
)
async def test_what_is_wrong_is_named(service, kept, body, pointer):
    refused = await patch(service, ONE, version=1, **body)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert kept["cas_1"].version == 1


async def test_a_bulk_move_is_previewed_then_done_and_says_why_not(service, kept):
    wanted = {"case_ids": ["cas_1", "cas_2", "cas_9"], "move": "escalate"}
    seen = (await patch(service, "/v1/cases", **wanted, preview=True)).json()["items"]
    assert [row["case"] and row["case"]["state"] for row in seen] == ["escalated", "escalated", None]
    assert kept["cas_1"].state == "open"
    done = (await patch(service, "/v1/cases", **wanted)).json()["items"]
    assert done == seen
    assert kept["cas_2"].state == "escalated"
    assert done[2]["refused"] == "There is no such case."


async def test_a_note_is_kept_and_a_huge_one_refused_by_name(service, kept):
    made = await service.post(f"{ONE}/notes", "admin", b'{"text": "She called twice."}')
    assert (made.status_code, made.json()["text"]) == (201, "She called twice.")
    huge = await service.post(f"{ONE}/notes", "admin", json.dumps({"text": "x" * 10_001}).encode())
    assert huge.status_code == 422
    assert huge.json()["errors"][0]["pointer"] == "/text"
    widest = await service.post(
        f"{ONE}/notes", "admin", json.dumps({"text": "\N{CLINKING BEER MUGS}" * 10_000}).encode()
    )
    assert widest.status_code == 201


async def test_reading_takes_read_and_changing_takes_admin(service, kept):
    assert (await service.call("GET", "/v1/cases", "score")).status_code == 403
    assert (await patch(service, ONE, "read", move="claim", version=1)).status_code == 403
    assert (await service.post(f"{ONE}/notes", "read", b'{"text": "x"}')).status_code == 403


async def test_an_account_shows_its_open_case(service, kept):
    event = {"event_id": "e-1", "type": "login", "account_id": "m-0", "occurred_at": "2026-11-21T11:59:00Z"}
    await service.post("/v1/decisions", "score", json.dumps(event).encode())
    assert (await service.call("GET", "/v1/accounts/m-0", "read")).json()["open_case"] == "cas_1"
    await patch(service, ONE, move="close", version=1, resolution="fraud", reason="Seen on camera.")
    assert (await service.call("GET", "/v1/accounts/m-0", "read")).json()["open_case"] is None


def test_the_instants_of_the_samples_are_the_services_own(service):
    assert service.now_ms[0] == OPENED_MS
