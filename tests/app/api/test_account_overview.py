"""The API tells of an account what its page in the console shows, and nothing personal in clear."""

from __future__ import annotations

import msgspec
import pytest

from app.api.account_overview import view
from app.store.sql import open_engine
from app.users.rights import EVERYTHING
from tests.app.console.kept import NOW_MS, filled

pytestmark = pytest.mark.anyio


async def test_it_is_answered_to_who_may_read(service):
    event = (
        b'{"event_id":"e-1","type":"earn","occurred_at":"2026-03-01T12:00:00Z","account_id":"m-1","points":5}'
    )
    assert (await service.post("/v1/decisions", "score", event)).status_code == 200
    found = await service.call("GET", "/v1/accounts/m-1/overview", "read")
    assert found.status_code == 200
    assert found.json()["profile"] == {"email": "m•••@s•••.com"}
    assert found.json()["links"][0]["verdict"] == "household"
    assert (await service.call("GET", "/v1/accounts/none/overview", "read")).status_code == 404
    assert (await service.call("GET", "/v1/accounts/m-1/overview", "score")).status_code == 403


async def test_an_account_that_two_people_closed_is_told_as_closed_and_not_as_locked(service):
    event = (
        b'{"event_id":"e-1","type":"earn","occurred_at":"2026-03-01T12:00:00Z","account_id":"m-1","points":5}'
    )
    assert (await service.post("/v1/decisions", "score", event)).status_code == 200
    await service.post("/v1/accounts/m-1/lock", "admin", b"{}")

    async def states() -> set[str]:
        paths = ("/v1/accounts/m-1", "/v1/accounts/m-1/overview")
        return {(await service.call("GET", path, "read")).json()["state"] for path in paths}

    assert "closed" not in await states()
    service.closed.add(("default", "m-1"))
    assert await states() == {"closed"}
    service.closed.clear()
    assert "closed" not in await states()


def test_it_says_what_the_page_says(sqlite_url):
    engine = open_engine(sqlite_url)
    found = filled(engine).review.overviews.of("default", "m-1", EVERYTHING, NOW_MS)
    assert found is not None
    told = view(found, "active")
    assert (told.totals.events, told.totals.redeemed_points, told.state) == (9, 400, "active")
    assert told.decisions[0].decision_id == "dec_9"
    assert told.challenges[0].decision_id == "dec_8"
    assert told.balance is not None
    assert told.balance.points == 2_300
    assert {thing.kind for thing in told.things} >= {"device", "ip", "email"}
    assert b"mira" not in msgspec.json.encode(told)
    engine.dispose()
