"""A lock that was told holds: in races, after a rebuild, and while the hot store is away or under repair."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from app.answers import Decided200
from app.ports.history import LOCKED_MEANWHILE, HotStoreAway, Settlement
from app.ports.record import RecordAway
from app.rebuilding import rebuild, wipe
from app.store.memory import MemoryHistory
from app.store.sql.locks import AGAIN_MS
from app.store.valkey import ValkeyHistory
from detectors.event import Event
from detectors.snapshot import Lock
from tests.app.store.sightings import NOW_MS, key, settle_in, sighting

LOCK = Lock(NOW_MS, "member")


def event(n: int, kind: str = "redeem", account_id: str = "m-1") -> Event:
    at = datetime.fromtimestamp(NOW_MS / 1_000 - n, UTC)
    return Event(event_id=f"e-{n}", type=kind, occurred_at=at, account_id=account_id, points=10)


async def decided(installation, one: Event) -> dict:
    answer = await installation.scorer.decide(one, "decision")
    assert isinstance(answer, Decided200)
    return msgspec.json.decode(answer.body)


# ---------------------------------------------------------------- the hot store


@pytest.fixture(params=["memory", "valkey"])
async def history(request, pipeline):
    if request.param == "memory":
        return MemoryHistory()
    await settle_in(pipeline)
    return ValkeyHistory(pipeline)


async def lock_seen(history, event_id: str) -> Lock | None:
    return (await history.observe(sighting(event_id))).entities["account"].lock


async def test_the_latest_version_holds_however_late_another_comes(history):
    assert await lock_seen(history, "e-0") is None
    await history.lock(key("m-1"), 3, LOCK)
    await history.lock(key("m-1"), 2, None)
    assert await lock_seen(history, "e-1") == LOCK
    await history.lock(key("m-1"), 4, None)
    await history.lock(key("m-1"), 3, LOCK)
    assert await lock_seen(history, "e-2") is None


async def test_nothing_is_committed_against_a_lock_that_came_between(history):
    minding = Settlement({}, 10, unless_locked=True)
    await history.observe(sighting("e-1"))
    await history.lock(key("m-1"), 1, LOCK)
    assert await history.commit(sighting("e-1"), b"allow", b"entry", minding) == LOCKED_MEANWHILE
    seen = await history.observe(sighting("e-1"))
    assert seen.answer is None
    assert "burn" not in seen.entities["account"].totals_points
    assert await history.commit(sighting("e-1"), b"block", b"entry", Settlement({})) == b"block"
    assert await history.commit(sighting("e-1"), b"allow", b"entry", minding) == b"block"


async def test_a_challenge_on_the_way_out_is_not_passed_while_locked(history):
    """Nor is one that the fallback asked for; one of a log-in is."""
    for name in ("e-1", "e-2"):
        await history.observe(sighting(name))
        await history.commit(sighting(name), b"challenge", b"entry", Settlement({}))
    await history.lock(key("m-1"), 1, LOCK)
    assert await history.pass_step_up(sighting("e-1"), None, b"entry", 10, "burn", 1) == "locked"
    assert await history.pass_step_up(sighting("e-2"), None, b"entry", 0, "", 1) is None
    await history.lock(key("m-1"), 2, None)
    assert await history.pass_step_up(sighting("e-1"), None, b"entry", 10, "burn", 1) is None


# ---------------------------------------------------------------- the whole


async def test_what_goes_out_is_blocked_and_earning_goes_on(installation, switch, wish):
    await switch.change(wish())
    for n, kind in enumerate(("redeem", "transfer", "purchase"), 1):
        told = await decided(installation, event(n, kind))
        assert (told["decision"], told["source"]) == ("block", "list")
        assert told["reasons"][0]["code"] == "ACCOUNT_LOCKED"
        assert told["reasons"][0]["evidence"]["by"] == "member"
    for n, kind in enumerate(("earn", "login", "return"), 4):
        assert (await decided(installation, event(n, kind)))["decision"] == "allow"
    await switch.change(wish(locked=False))
    assert (await decided(installation, event(9)))["decision"] != "block"


async def test_of_30_redemptions_that_race_a_lock_none_is_allowed_after_it(installation, switch, wish):
    """Also none that was counted before it: by then the lock is in the way of the commit."""
    finished: list[tuple[str, str]] = []

    async def redeem(n: int) -> None:
        told = await decided(installation, event(n, account_id="m-1"))
        finished.append(("redeem", told["decision"]))

    async def lock() -> None:
        await switch.change(wish())
        finished.append(("lock", "locked"))

    async with asyncio.TaskGroup() as group:
        for n in range(30):
            group.create_task(redeem(n))
            if n == 4:
                group.create_task(lock())
    where = finished.index(("lock", "locked"))
    assert {decision for _, decision in finished[where + 1 :]} <= {"block"}
    assert len(finished) == 31


async def test_a_decision_read_before_the_lock_is_judged_again(installation, switch, wish, monkeypatch):
    commit_many = installation.history.commit_many

    async def late(wanted):
        monkeypatch.setattr(installation.history, "commit_many", commit_many)
        await switch.change(wish())
        return await commit_many(wanted)

    monkeypatch.setattr(installation.history, "commit_many", late)
    told = await decided(installation, event(1))
    assert (told["decision"], told["reasons"][0]["code"]) == ("block", "ACCOUNT_LOCKED")
    assert await installation.drain() == 1


async def test_a_rebuild_keeps_locks(installation, switch, wish, locks):
    await decided(installation, event(1, "earn"))
    await installation.drain()
    await switch.change(wish())
    await switch.change(wish(account_id="m-2"))
    await switch.change(wish(account_id="m-2", locked=False))
    await wipe(installation.pipeline)
    await rebuild(installation.pipeline, installation.record, installation.sighter, lambda *_: None)
    assert (await decided(installation, event(2)))["decision"] == "block"
    assert (await decided(installation, event(3, account_id="m-2")))["decision"] != "block"


async def test_while_the_hot_state_is_rebuilt_the_record_is_asked(installation, switch, wish):
    await switch.change(wish())
    await wipe(installation.pipeline)
    assert (await decided(installation, event(1)))["decision"] == "block"
    assert (await decided(installation, event(2, "earn")))["decision"] == "allow"
    assert (await decided(installation, event(3, account_id="m-2")))["decision"] != "block"


async def test_where_neither_store_can_tell_the_fallback_answers(installation, switch, wish, monkeypatch):
    def away(*_):
        raise RecordAway("away")

    await switch.change(wish())
    await wipe(installation.pipeline)
    monkeypatch.setattr(installation.record, "lock", away)
    told = await decided(installation, event(1))
    assert (told["decision"], told["source"]) == ("challenge", "fallback")


async def test_while_the_hot_store_is_away_the_row_is_kept_and_the_worker_tells_it(
    installation, switch, wish, locks, monkeypatch
):
    """Who asked is told that it did not work; asking again, or the worker, brings the fact in line."""

    async def away(*_):
        raise HotStoreAway("away")

    with monkeypatch.context() as gone:
        gone.setattr(installation.history, "lock", away)
        with pytest.raises(HotStoreAway):
            await switch.change(wish())
        with pytest.raises(HotStoreAway):
            await switch.change(wish())
    assert locks.lock("default", "m-1").locked
    assert await switch.tell_due(10) == 0
    installation.now_ms += AGAIN_MS
    assert await switch.tell_due(10) == 1
    assert await switch.tell_due(10) == 0
    assert (await decided(installation, event(1)))["decision"] == "block"
