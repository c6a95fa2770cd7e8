"""A hold that nobody decided on ends as the policy says, once."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from app.store.sql.token_tables import audit
from detectors.snapshot import Lock
from tests.app.capping.stage import HELD, cap, decide, decided, earned, end_holds, ender, event
from tests.app.store.sightings import DAY_MS, HOUR_MS


@pytest.mark.parametrize(("points", "how"), [(99, "released"), (100, "escalated")])
async def test_a_hold_ends_as_the_policy_says(capped, points, how):
    """Released its points count and stay capped; escalated they wait for a person. Twice ended is once ended."""
    installation = await capped(HELD + cap(max=1, window="ever", applies_to=["earn"]))
    told = await decided(installation, event(type="earn", points=points))
    assert told["decision"] == "review"
    installation.now_ms += 72 * HOUR_MS - 1
    assert await end_holds(installation) == 0
    installation.now_ms += 1
    assert await end_holds(installation) == 1
    assert await end_holds(installation) == 0
    with installation.engine.connect() as connection:
        noted = connection.execute(select(audit.c.event, audit.c.subject)).all()
    assert noted == [(f"hold.{how}", told["decision_id"])]
    row = installation.record.decision("default", told["decision_id"])
    assert (row.decision, row.hold_end) == ("review", how)
    assert await earned(installation) == (points if how == "released" else 0)
    assert installation.record.account("default", "m-1").earned_points == (points if how == "released" else 0)
    installation.now_ms += 20 * DAY_MS
    again = await decide(installation, event(type="earn", points=points))
    assert again["decision"] == "block"
    await installation.outcomes.tell("default", told["decision_id"], "reversed", "till")
    await installation.drain()
    assert await earned(installation) == 0
    assert (await decide(installation, event(type="earn", points=points)))["decision"] == "review"


async def test_two_workers_end_a_hold_once(capped):
    installation = await capped(HELD)
    await decided(installation, event(type="earn", points=50))
    installation.now_ms += 72 * HOUR_MS
    await asyncio.gather(*(ender(installation).step() for _ in range(2)))
    await installation.drain()
    assert await earned(installation) == 50
    assert installation.record.account("default", "m-1").earned_points == 50


async def test_a_hold_that_somebody_decided_on_is_left_alone(capped):
    installation = await capped(HELD)
    told = await decided(installation, event(type="earn", points=50))
    await installation.outcomes.tell("default", told["decision_id"], "cancelled", "till")
    await installation.drain()
    installation.now_ms += 72 * HOUR_MS
    assert await end_holds(installation) == 1
    assert await end_holds(installation) == 0
    assert installation.record.decision("default", told["decision_id"]).hold_end is None
    assert await earned(installation) == 0


async def test_a_released_hold_that_would_leave_a_locked_account_is_escalated(capped):
    """Redeeming is frozen there: a person decides."""
    installation = await capped(HELD.replace('"earn"', '"redeem"'))
    told = await decided(installation, event(points=50))
    assert told["decision"] == "review"
    account = installation.sighter.digest("default", "account", "m-1")
    await installation.history.lock(account, 1, Lock(installation.now_ms, "member"))
    installation.now_ms += 72 * HOUR_MS
    await end_holds(installation)
    row = installation.record.decision("default", told["decision_id"])
    assert (row.hold_end, row.burned) == ("escalated", None)


async def test_a_released_hold_of_a_link_burns_once_the_link_is_redeemed(capped):
    installation = await capped(HELD.replace('"earn"', '"redeem"'))
    told = await decided(installation, event(points=50), "redemption")
    assert told["decision"] == "review"
    installation.now_ms += 72 * HOUR_MS
    await end_holds(installation)
    row = installation.record.decision("default", told["decision_id"])
    assert (row.hold_end, row.burned) == ("released", None)
    await installation.outcomes.tell("default", told["decision_id"], "completed", "token:t")
    await installation.drain()
    assert installation.record.decision("default", told["decision_id"]).burned == 50
