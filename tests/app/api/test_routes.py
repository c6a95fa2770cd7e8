from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from app.api.batches import BATCH_ROWS
from app.api.http_app import OPERATIONS
from app.faults import Fault
from app.ports.record import RecordAway
from app.problems import ALL, MEDIA_TYPE

EVENT: dict[str, Any] = {
    "event_id": "e-1",
    "type": "earn",
    "occurred_at": "2026-11-21T12:00:00Z",
    "account_id": "m-1",
    "points": 500,
}
CANARY = "canary7f3a"


def event(**members: Any) -> bytes:
    return json.dumps(EVENT | members).encode()


def problem(response: httpx.Response, status: int, *pointers: str) -> dict[str, Any]:
    """The response as a problem of that status that points exactly there and repeats nothing sent."""
    assert response.status_code == status
    assert response.headers["content-type"] == MEDIA_TYPE
    told: dict[str, Any] = response.json()
    assert told["status"] == status
    assert (told["type"], told["title"]) in {(known.type, known.title) for known in ALL}
    assert {fault["pointer"] for fault in told.get("errors", [])} == set(pointers)
    assert CANARY not in response.text
    assert CANARY not in str(response.headers)
    return told


def concrete(path: str) -> str:
    return path.replace("{list}", "block").replace("{", "").replace("}", "")


# ---------------------------------------------------------------- one event


async def test_the_stored_answer_is_passed_on_byte_for_byte(service):
    first = await service.post("/v1/decisions", "score", event())
    again = await service.post("/v1/decisions", "score", event(program_id="default"))
    assert first.status_code == again.status_code == 200
    assert first.content == again.content == service.scorer.answers["default", "e-1"][1]


async def test_another_body_under_the_same_id_is_a_conflict(service):
    await service.post("/v1/decisions", "score", event())
    problem(await service.post("/v1/decisions", "score", event(points=501)), 409)


async def test_a_synonym_reaches_the_scorer_in_its_canonical_form(service):
    await service.post("/v1/decisions", "score", event(type="accrue"))
    assert service.scorer.seen[0].type == "earn"


async def test_a_store_that_is_away_is_503_with_retry_after(service):
    service.scorer.away = True
    response = await service.post("/v1/decisions", "score", event())
    problem(response, 503)
    assert response.headers["retry-after"] == "7"


BAD_BODIES = {
    "unknown field": (event(zzz=CANARY), 422, ["/zzz"]),
    "wrong type": (event(points=CANARY), 422, ["/points"]),
    "two faults": (event(points=CANARY, ip=CANARY), 422, ["/points", "/ip"]),
    "card number": (event(payment_instrument_id="4111 1111 1111 1111"), 422, ["/payment_instrument_id"]),
    "ahead of the clock": (event(occurred_at="2026-11-21T12:05:00.001Z"), 422, ["/occurred_at"]),
    "repeated name": (event()[:-1] + b', "type": "canary7f3a"}', 422, ["/type"]),
    "NaN": (event()[:-1] + b', "balance_before": NaN}', 422, ["/balance_before"]),
    "no object": (b"[1]", 422, [""]),
    "not JSON": (b"canary7f3a", 400, [""]),
    "empty": (b"", 400, [""]),
    "broken UTF-8": (event()[:-2] + b'\xff"}', 400, [""]),
    "byte order mark": (b"\xef\xbb\xbf" + event(), 400, [""]),
    "nested without end": (b'{"metadata":' * 5_000, 400, [""]),
    "too large": (event(metadata={"a": "x" * 70_000}), 413, [""]),
}


@pytest.mark.parametrize("case", BAD_BODIES)
async def test_a_bad_event_is_a_problem_and_never_reaches_the_scorer(service, case):
    body, status, pointers = BAD_BODIES[case]
    problem(await service.post("/v1/decisions", "score", body), status, *pointers)
    assert service.scorer.seen == []


async def test_an_oversized_body_is_refused_without_being_read_to_its_end(service):
    """Without a content-length the count is kept while reading."""
    read = 0

    async def endless():
        nonlocal read
        for _ in range(1_000):
            read += 1
            yield b" " * 8_192

    response = await service.call(
        "POST", "/v1/decisions", "score", content=endless(), headers={"Content-Type": "application/json"}
    )
    problem(response, 413, "")
    assert service.scorer.seen == []


@pytest.mark.parametrize(
    "media",
    ["", "text/plain", "application/x-ndjson", "application/json; charset=latin-1", "application/jsonx"],
)
async def test_other_media_types_are_415(service, media):
    problem(await service.post("/v1/decisions", "score", event(), media), 415)


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
async def test_json_may_be_spelled_as_its_rfc_allows(service, media):
    assert (await service.post("/v1/decisions", "score", event(), media)).status_code == 200


async def test_a_compressed_body_is_415(service):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    problem(await service.call("POST", "/v1/decisions", "score", content=event(), headers=headers), 415)


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.method} {o.path}")
async def test_every_operation_asks_for_one_of_its_scopes(service, operation):
    """Without a key 401, with a key of another scope 403 naming the one it lacks, whatever the body."""
    path = concrete(operation.path)
    if not operation.scopes:
        assert (await service.call(operation.method, path)).status_code == 200
        return
    refused = await service.call(operation.method, path)
    problem(refused, 401)
    assert refused.headers["www-authenticate"].startswith("Bearer")
    other = next(scope for scope in service.tokens if scope not in operation.scopes)
    assert operation.scopes[0] in problem(await service.call(operation.method, path, other), 403)["detail"]


async def test_an_event_of_another_programme_or_store_is_403(service):
    problem(await service.post("/v1/decisions", "score", event(program_id="other")), 403)
    service.tokens["score"] = service.add_key("score", stores=["s-1"])
    problem(await service.post("/v1/decisions", "score", event(store_id="s-2")), 403)
    problem(await service.post("/v1/decisions", "score", event()), 403)
    assert service.scorer.seen == []
    assert (await service.post("/v1/decisions", "score", event(store_id="s-1"))).status_code == 200


async def test_a_key_of_some_stores_tells_the_outcomes_of_these_only(service):
    ids = {}
    for store in ("s-1", "s-2"):
        sent = event(event_id=f"e-{store}", store_id=store)
        ids[store] = (await service.post("/v1/decisions", "score", sent)).json()["decision_id"]
    service.tokens["score"] = service.add_key("score", stores=["s-1"])
    told = b'{"outcome": "completed"}'
    problem(await service.post(f"/v1/decisions/{ids['s-2']}/outcome", "score", told), 403)
    assert (await service.post(f"/v1/decisions/{ids['s-1']}/outcome", "score", told)).status_code == 200


async def test_a_key_of_some_stores_does_not_read_the_whole_programme(service):
    service.tokens["read"] = service.add_key("read", stores=["s-1"])
    for path in ("/v1/decisions", "/v1/accounts/m-1", "/v1/labels", "/v1/lists/block"):
        problem(await service.call("GET", path, "read"), 403)


async def test_one_programme_never_sees_another(service):
    decision_id = (await service.post("/v1/decisions", "score", event())).json()["decision_id"]
    service.tokens["read"] = service.add_key("read", program_id="other")
    for path in (f"/v1/decisions/{decision_id}", "/v1/accounts/m-1", "/v1/accounts/m-1/links"):
        problem(await service.call("GET", path, "read"), 404)
    assert (await service.call("GET", "/v1/decisions", "read")).json()["items"] == []


async def test_an_event_without_a_programme_belongs_to_the_keys(service):
    service.tokens["score"] = service.add_key("score", program_id="p-2")
    await service.post("/v1/decisions", "score", event())
    assert service.scorer.seen[0].program_id == "p-2"


# ---------------------------------------------------------------- many events


async def test_a_batch_answers_every_row_in_its_place(service):
    rows = [EVENT | {"event_id": f"e-{n}"} for n in range(250)]
    rows[3] = EVENT | {"event_id": "e-3", "points": CANARY}
    rows[7] = EVENT | {"event_id": "e-7", "program_id": "other"}
    rows[101] = EVENT | {"event_id": "e-0", "points": 7}
    rows[102] = {"zzz": 1}
    response = await service.post("/v1/decisions/batch", "score", json.dumps(rows).encode())
    decisions = response.json()["decisions"]
    assert response.status_code == 200
    assert [row["event_id"] for row in decisions] == [row.get("event_id") for row in rows]
    errors = {place: row["error"]["status"] for place, row in enumerate(decisions) if "error" in row}
    assert errors == {3: 422, 7: 403, 101: 409, 102: 422}
    assert CANARY not in response.text
    assert [seen.event_id for seen in service.scorer.seen if seen.points == 500] == [
        row["event_id"] for place, row in enumerate(rows) if place not in errors
    ]


async def test_a_batch_row_is_the_very_answer_of_the_single_call(service):
    single = await service.post("/v1/decisions", "score", event())
    batch = await service.post("/v1/decisions/batch", "score", b"[" + event() + b"]")
    assert batch.content == b'{"decisions":[' + single.content + b"]}"


@pytest.mark.parametrize(
    ("path", "scope", "body", "status"),
    [
        ("/v1/decisions/batch", "score", b"[" + b",".join([b"{}"] * (BATCH_ROWS + 1)) + b"]", 422),
        ("/v1/decisions/batch", "score", b"{}", 422),
        ("/v1/events", "events", b"{}", 422),
        ("/v1/events", "events", b"[", 400),
        ("/v1/events", "events", b" " * (16 * 1_024 * 1_024 + 1), 413),
    ],
)
async def test_what_is_no_batch_is_refused_as_a_whole(service, path, scope, body, status):
    problem(await service.post(path, scope, body), status, "")


async def test_events_are_taken_as_ndjson_or_as_an_array(service):
    rows = [
        event(),
        event(event_id="e-2"),
        event(),
        b"{canary7f3a",
        event(points=1),
        event(event_id="e-3", points=-1),
    ]
    response = await service.post("/v1/events", "events", b"\n\r\n".join(rows), "application/x-ndjson")
    assert response.status_code == 202
    told = response.json()
    assert (told["accepted"], told["duplicates"]) == (2, 1)
    where = [(row["row"], row["event_id"], row["errors"][0]["pointer"]) for row in told["rejected"]]
    assert where == [(3, None, ""), (4, "e-1", "/event_id"), (5, "e-3", "/points")]
    assert CANARY not in response.text
    again = await service.post("/v1/events", "events", b"[" + event() + b"," + event(event_id="e-2") + b"]")
    assert again.json() == {"accepted": 0, "duplicates": 2, "rejected": []}


async def test_events_that_cannot_be_kept_are_not_accepted(service):
    service.scorer.away = True
    problem(await service.post("/v1/events", "events", b"[" + event() + b"]"), 503)


# ---------------------------------------------------------------- reading, telling, listing


@pytest.fixture
async def decision_id(service) -> str:
    response = await service.post("/v1/decisions", "score", event(profile={"email": f"{CANARY}@example.com"}))
    return str(response.json()["decision_id"])


async def test_a_decision_is_read_back_as_it_was_answered(service, decision_id):
    answered = json.loads(service.scorer.answers["default", "e-1"][1])
    found = (await service.call("GET", f"/v1/decisions/{decision_id}", "read")).json()
    assert found == answered | {
        "type": "earn", "occurred_at": "2026-11-21T12:00:00Z", "outcome": None, "outcome_at": None,
    }  # fmt: skip


async def test_lists_page_to_their_end(service):
    for number in range(5):
        await service.post("/v1/decisions", "score", event(event_id=f"e-{number}"))
    seen, cursor = [], ""
    while cursor is not None:
        page = (
            await service.call("GET", f"/v1/decisions?limit=2{cursor and f'&cursor={cursor}'}", "read")
        ).json()
        seen += [item["event_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["e-4", "e-3", "e-2", "e-1", "e-0"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/query/limit"),
        ("limit=201", "/query/limit"),
        ("limit=canary7f3a", "/query/limit"),
        ("limit=", "/query/limit"),
        ("limit=1&limit=2", "/query/limit"),
        ("cursor=canary7f3a%20", "/query/cursor"),
        ("cursor=canary7f3a", "/query/cursor"),
        ("account_id=", "/query/account_id"),
        ("zzz=canary7f3a", "/query/zzz"),
        ("%00=canary7f3a", "/query"),
    ],
)
async def test_query_parameters_are_held_to_their_schema(service, query, pointer):
    problem(await service.call("GET", f"/v1/decisions?{query}", "read"), 422, pointer)


@pytest.mark.parametrize(
    "path", ["/v1/decisions/dec_none", "/v1/accounts/none", "/v1/accounts/a%00b", "/v1/lists/grey"]
)
async def test_what_is_not_there_is_404(service, path):
    problem(await service.call("GET", path, "read"), 404)


async def test_an_explanation_is_for_a_reader_in_a_language(service, decision_id):
    path = f"/v1/decisions/{decision_id}/explanation"
    told = (await service.call("GET", f"{path}?audience=member&locale=de", "read")).json()
    assert (told["audience"], told["locale"]) == ("member", "de")
    problem(await service.call("GET", f"{path}?audience=canary7f3a", "read"), 422, "/query/audience")
    problem(await service.call("GET", "/v1/decisions/none/explanation", "read"), 404)


async def test_an_outcome_is_told_once(service, decision_id):
    path = f"/v1/decisions/{decision_id}/outcome"
    told = await service.post(path, "score", b'{"outcome": "completed"}')
    assert told.json() == {"decision_id": decision_id, "outcome": "completed"}
    assert (await service.post(path, "events", b'{"outcome": "completed"}')).status_code == 200
    problem(await service.post(path, "score", b'{"outcome": "reversed"}'), 409)
    problem(await service.post(path, "score", b'{"outcome": "canary7f3a"}'), 422, "/outcome")
    problem(await service.post("/v1/decisions/none/outcome", "score", b'{"outcome": "completed"}'), 404)


async def test_an_account_shows_its_totals_and_its_timeline_without_the_profile(service, decision_id):
    account = (await service.call("GET", "/v1/accounts/m-1", "read")).json()
    assert (account["account_id"], account["totals"]["events"]) == ("m-1", 1)
    response = await service.call("GET", "/v1/accounts/m-1/timeline", "read")
    assert response.json()["items"][0]["decision_id"] == decision_id
    assert CANARY not in response.text
    assert (await service.call("GET", "/v1/accounts/m-1/links", "read")).json() == {
        "cluster_id": None,
        "links": [],
    }


async def test_a_label_names_what_it_is_about(service):
    body = {"label": "fraud", "source": "desk", "account_id": "m-1", "typology": "ATO_DRAIN"}
    made = await service.post("/v1/labels", "events", json.dumps(body).encode())
    assert made.status_code == 201
    listed = (await service.call("GET", "/v1/labels?account_id=m-1", "read")).json()
    assert listed["items"] == [made.json()]
    assert (await service.call("GET", "/v1/labels?account_id=m-2", "read")).json()["items"] == []
    problem(await service.post("/v1/labels", "admin", b'{"label": "fraud", "source": "x"}'), 422, "")
    problem(await service.post("/v1/labels", "admin", b'{"label": "canary7f3a"}'), 422, "/label", "/source")


async def test_a_list_entry_is_added_listed_and_removed_and_the_workers_are_told(service):
    body = {"kind": "ip", "value": "203.0.113.7", "reason": "probing", "expires_at": "2026-12-01T00:00:00Z"}
    made = await service.post("/v1/lists/block", "admin", json.dumps(body).encode())
    entry = made.json()
    assert made.status_code == 201
    assert entry["author"] == service.record.api_keys[service.tokens["admin"].split("_")[1]].name
    assert (await service.call("GET", "/v1/lists/block", "read")).json()["items"] == [entry]
    assert (await service.call("GET", "/v1/lists/allow", "read")).json()["items"] == []
    path = f"/v1/lists/block?entry_id={entry['entry_id']}"
    assert (await service.call("DELETE", path, "admin")).status_code == 204
    problem(await service.call("DELETE", path, "admin"), 404)
    problem(await service.call("DELETE", "/v1/lists/block", "admin"), 422, "/query/entry_id")
    assert service.lists_changed


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"value": "4111 1111 1111 1111"}, "/value"),
        ({"value": "canary7f3a"}, "/value"),
        ({"expires_at": "2026-11-21T12:00:00Z"}, "/expires_at"),
        ({"kind": "canary7f3a"}, "/kind"),
        ({"zzz": "canary7f3a"}, "/zzz"),
        ({"reason": ""}, "/reason"),
    ],
)
async def test_a_bad_list_entry_changes_nothing(service, members, pointer):
    body = {"kind": "ip", "value": "203.0.113.7", "reason": "probing"} | members
    problem(await service.post("/v1/lists/block", "admin", json.dumps(body).encode()), 422, pointer)
    assert (service.record.entries, service.lists_changed) == ([], [])


# ---------------------------------------------------------------- the edge itself


async def test_readiness_names_what_is_missing(service):
    assert (await service.call("GET", "/readyz")).json() == {"status": "ready"}
    service.scorer.away = True
    assert "record" in problem(await service.call("GET", "/readyz"), 503)["detail"]
    assert (await service.call("GET", "/healthz")).status_code == 200


async def test_metrics_are_text_and_every_request_is_measured_by_its_template(service):
    response = await service.call("GET", "/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    await service.call("GET", "/v1/decisions/abc", "read")
    await service.call("GET", f"/{CANARY}")
    assert [(path, status) for path, _, status, _ in service.measured] == [
        ("/metrics", 200), ("/v1/decisions/{decision_id}", 404), ("(none)", 404),
    ]  # fmt: skip
    assert all(seconds >= 0 for *_, seconds in service.measured)


@pytest.mark.parametrize("given", ["abc-1.2_Z", "a" * 128])
async def test_a_callers_request_id_is_kept(service, given):
    for path in ("/healthz", "/nowhere", "/v1/decisions"):
        response = await service.call("GET", path, headers={"X-Request-Id": given})
        assert response.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a" * 129, "a b", "canary7f3a;", "é".encode()])
async def test_another_request_id_is_replaced(service, given):
    response = await service.call("GET", "/healthz", headers={"X-Request-Id": given})
    assert response.headers["x-request-id"] not in {"", given}
    assert len(response.headers["x-request-id"]) == 32


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/decisions/", "/v1/canary7f3a", "//healthz", "/healthz/"])
async def test_an_unknown_path_is_404_and_nobody_is_sent_elsewhere(service, path):
    problem(await service.call("GET", path, "read"), 404)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.method} {o.path}")
async def test_other_methods_are_405_with_allow(service, operation):
    response = await service.call("REPORT", concrete(operation.path), "admin")
    problem(response, 405)
    assert operation.method in response.headers["allow"]


async def test_head_is_get_without_its_body(service):
    head = await service.call("HEAD", "/healthz")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len((await service.call("GET", "/healthz")).content))


async def test_a_bug_is_a_problem_that_tells_nothing(service, monkeypatch):
    """The transport raises what the server would log; the caller's side is read from what was sent."""

    def broken(*_):
        raise LookupError(CANARY)

    monkeypatch.setattr(service.record, "decision", broken)
    transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://earnest.test") as client:
        headers = {"Authorization": f"Bearer {service.tokens['read']}"}
        response = await client.get("/v1/decisions/x", headers=headers)
    problem(response, 500)
    assert len(response.headers["x-request-id"]) == 32


async def test_a_record_that_is_away_is_503(service, monkeypatch):
    def away(*_, **__):
        raise RecordAway

    monkeypatch.setattr(service.record, "decisions", away)
    response = await service.call("GET", "/v1/decisions", "read")
    problem(response, 503)
    assert int(response.headers["retry-after"]) >= 1


def test_every_problem_is_explained_in_the_documents(request):
    """docs/problems.md has a heading for each type, so that `type` leads somewhere."""
    text = (request.config.rootpath / "docs" / "problems.md").read_text()
    assert all(f"## {known.type}" in text for known in ALL)
    assert len({known.type for known in ALL}) == len(ALL)
    assert all(not known.errors or isinstance(known.errors[0], Fault) for known in ALL)


async def test_a_client_that_hangs_up_half_way_is_no_error_and_decides_nothing(service):
    """Its body never came whole: nothing is scored, and nothing is logged as a bug."""
    messages = iter(
        [{"type": "http.request", "body": b'{"event_id"', "more_body": True}, {"type": "http.disconnect"}]
    )
    headers = [
        (b"authorization", f"Bearer {service.tokens['score']}".encode()),
        (b"content-type", b"application/json"),
    ]

    async def receive():
        return next(messages)

    async def send(message):
        assert message.get("status", 400) < 500

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/decisions",
        "query_string": b"",
        "headers": headers,
    }
    await service.app(scope, receive, send)
    assert service.scorer.seen == []
