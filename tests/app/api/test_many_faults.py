"""However much is wrong with a request, the answer stays short and says that it is not all."""

from __future__ import annotations

import json

import pytest

from app.shapes import FAULTS_TOLD, LEFT_OUT

pytestmark = pytest.mark.anyio
ROWS = 50
CROWDED = json.dumps([{f"n{n}": n for n in range(FAULTS_TOLD)} for _ in range(ROWS)]).encode()


@pytest.mark.parametrize(
    ("path", "scope", "answers"),
    [("/v1/decisions/batch", "score", "decisions"), ("/v1/events", "events", "rejected")],
)
async def test_a_batch_tells_no_more_faults_than_one_event_and_then_one_a_row(service, path, scope, answers):
    """Every row still has its place, and none seems to have fewer faults than it has."""
    rows = (await service.post(path, scope, CROWDED)).json()[answers]
    assert len(rows) == ROWS
    told = [row["errors"] if "errors" in row else row["error"]["errors"] for row in rows]
    assert sum(map(len, told)) <= FAULTS_TOLD + 2 * ROWS
    assert all(errors and errors[-1]["message"] == LEFT_OUT for errors in told)


async def test_parameters_are_counted_too(service):
    query = "&".join(f"n{n}=1" for n in range(2 * FAULTS_TOLD))
    response = await service.call("GET", f"/v1/decisions?{query}", "read")
    assert response.status_code == 422
    assert len(response.json()["errors"]) == FAULTS_TOLD + 1
