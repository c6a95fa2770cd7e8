"""Bulk jobs: every row in its place, whatever the others are."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from app.api.token_bulk import EXAMPLE_JOB, NOT_ALONE, ROWS_A_TURN
from app.api.tokens import ORDER_BYTES
from app.intake import BREAKS_A_ROW
from app.shapes import FAULTS_TOLD, LEFT_OUT
from tests.app.api.test_routes import CANARY, problem
from tokens.limits import ROWS_PER_BULK

PATH = "/v1/tokens/bulk"
ROW: dict[str, Any] = {"account_id": "m-1", "purpose": "redemption", "reward": {"points": 5}}


def row(name: Any, **members: Any) -> dict[str, Any]:
    return ROW | {"row_id": name} | members


async def told(service, body: Any) -> list[dict[str, Any]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = await service.post(PATH, "tokens", raw)
    assert response.status_code == 200
    assert CANARY not in response.text
    rows: list[dict[str, Any]] = response.json()["rows"]
    return rows


async def test_rows_are_answered_in_order_and_a_bad_one_fails_no_other(service):
    rows: list[Any] = [row(f"r-{number}") for number in range(2 * ROWS_A_TURN + 5)]
    rows[1] = row("r-1", points=CANARY)
    rows[2] = row("r-2", campaign_id="spent")
    rows[3] = CANARY
    rows[4] = ROW
    rows[5] = row("r-0")
    rows[6] = row("a\0", expires_in_s=1)
    rows[7] = row("r-7", reward={"payload": {"a": "x" * ORDER_BYTES}})
    rows[8] = row("r-8", delivery={"channel": "email", "to": "a@example.com"}, otp={"method": "none"})
    rows[9] = row(" ", otp={"method": "passkey", "to": "+491701234567"})
    answers = await told(service, rows)
    bad = {number: answer for number, answer in enumerate(answers) if "error" in answer}
    assert {number: answer["row_id"] for number, answer in bad.items()} == {
        1: "r-1", 2: "r-2", 3: None, 4: None, 5: "r-0", 6: None, 7: None, 9: None,
    }  # fmt: skip
    pointers = {
        number: {fault["pointer"] for fault in answer["error"].get("errors", ())}
        for number, answer in bad.items()
    }
    assert pointers == {
        1: {"/points"}, 2: set(), 3: {""}, 4: {"/row_id"}, 5: {"/row_id"}, 6: {"/row_id", "/expires_in_s"},
        7: {""}, 9: {"/row_id", "/otp/to"},
    }  # fmt: skip
    assert bad[5]["error"]["errors"][0]["message"] == NOT_ALONE
    assert [answers[n]["row_id"] for n in range(len(rows)) if n not in bad] == [
        f"r-{n}" for n in range(len(rows)) if n not in bad
    ]
    assert "link" in answers[0]
    assert "link" not in answers[8]
    assert [order.row_id for order in service.desk.orders] == [
        f"r-{n}" for n in range(len(rows)) if n not in bad
    ]


async def test_a_job_with_a_name_is_issued_once_and_one_without_is_its_own(service):
    job = {"bulk_id": "autumn", "rows": [row("1"), row("2")]}
    first = await told(service, job)
    assert await told(service, job) == first
    assert await told(service, {"rows": job["rows"]}) != first
    assert {name for _, name, _ in service.desk.rows} == {"autumn", ""}


@pytest.mark.parametrize("odd", [b"NaN", b"1e999", b"9" * 5_000])
@pytest.mark.parametrize("form", [b'[%s, {"zzz": %s}]', b'{"rows": [%s, {"zzz": %s}]}'])
async def test_a_number_that_is_none_costs_only_its_row(service, odd, form):
    good, bad = await told(service, form % (json.dumps(row("1")).encode(), odd))
    assert good["row_id"] == "1"
    assert good["state"] == "issued"
    assert {fault["pointer"] for fault in bad["error"]["errors"]} >= {"/row_id", "/zzz"}


WRONG: dict[str, tuple[bytes, int, list[str]]] = {
    "no rows": (b'{"bulk_id": "a"}', 422, ["/rows"]),
    "rows of text": (b'{"rows": "canary7f3a"}', 422, ["/rows"]),
    "unknown member": (b'{"rows": [], "zzz": "canary7f3a"}', 422, ["/zzz"]),
    "rows twice": (b'{"rows": [], "rows": []}', 422, ["/rows"]),
    "name twice": (b'{"rows": [], "bulk_id": "a", "bulk_id": "b"}', 422, ["/bulk_id"]),
    "no name": (b'{"rows": [], "bulk_id": null}', 422, ["/bulk_id"]),
    "blank name": (b'{"rows": [], "bulk_id": " "}', 422, ["/bulk_id"]),
    "control characters": (b'{"rows": [], "bulk_id": "a\\u0007"}', 422, ["/bulk_id"]),
    "NUL": (b'{"rows": [], "bulk_id": "a\\u0000"}', 422, ["/bulk_id"]),
    "long name": (b'{"rows": [], "bulk_id": "' + b"x" * 129 + b'"}', 422, ["/bulk_id"]),
    "a number": (b"7", 422, [""]),
    "not JSON": (b"[canary7f3a", 400, [""]),
    "cut short": (b'[{"row_id": "1"}', 400, [""]),
    "nested without end": (b"[" * 50_000, 400, [""]),
    "too many rows": (b"[" + b",".join([b"1"] * (ROWS_PER_BULK + 1)) + b"]", 422, [""]),
    "far too many": (b"[" + b"1," * (ROWS_PER_BULK * BREAKS_A_ROW + 1) + b"1]", 413, [""]),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_body_that_is_no_job_is_refused_as_a_whole(service, case):
    body, status, pointers = WRONG[case]
    problem(await service.post(PATH, "tokens", body), status, *pointers)
    assert not service.desk.callers


async def test_rows_are_not_confused_by_what_they_hold(service):
    """A payload that mentions the names of the job's own members is read the slow way, to the same end."""
    odd = row("1", reward={"payload": {"rows": ["rows", "bulk_id"], "bulk_id": 1}})
    assert [answer["state"] for answer in await told(service, {"bulk_id": "a", "rows": [odd]})] == ["issued"]
    assert json.loads(service.desk.orders[0].payload) == odd["reward"]["payload"]


async def test_no_more_faults_are_told_than_anybody_mends(service):
    crowded = [{f"n{name}": 1 for name in range(FAULTS_TOLD)} for _ in range(30)]
    errors = [answer["error"]["errors"] for answer in await told(service, crowded)]
    assert len(errors) == 30
    assert sum(map(len, errors)) <= FAULTS_TOLD + 2 * 30
    assert all(faults[-1]["message"] == LEFT_OUT for faults in errors)


async def test_others_have_their_turn_while_a_large_job_is_read(service):
    """One who only waits for turns gets one for every few rows."""
    turns = 0
    done = anyio.Event()

    async def count_turns():
        nonlocal turns
        while not done.is_set():
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count_turns)
        await told(service, [row(f"r-{number}", zzz=1) for number in range(20 * ROWS_A_TURN)])
        done.set()
    assert turns >= 20


async def test_a_store_that_is_away_is_503(service):
    service.desk.away = True
    problem(await service.post(PATH, "tokens", json.dumps([row("1")]).encode()), 503)


async def test_the_example_is_a_job(service):
    assert [answer["row_id"] for answer in await told(service, EXAMPLE_JOB)] == ["1"]
