"""What does not take place gives its part back; what does keeps it, whoever dies over it."""

from __future__ import annotations

import asyncio

import pytest

from app.ports.history import HotStoreAway
from app.ports.journal import StepUpPassed
from app.rebuilding import rebuild, wipe
from app.settlement import passing
from tests.app.capping.stage import (
    CHALLENGED,
    HELD,
    MINUTE_MS,
    cap,
    decide,
    decided,
    end_holds,
    event,
    reserved,
    standing,
)
from tests.app.store.sightings import DAY_MS, HOUR_MS, NOW_MS


@pytest.mark.parametrize("outcome", ["cancelled", "reversed"])
async def test_what_is_taken_back_leaves_room_for_another(capped, outcome):
    installation = await capped(cap(max=1, window="ever"))
    told = await decided(installation, event())
    assert (await decide(installation, event()))["decision"] == "block"
    await installation.outcomes.tell("default", told["decision_id"], outcome, "till")
    await installation.drain()
    assert [(await decide(installation, event()))["decision"] for _ in range(2)] == ["allow", "block"]


async def test_what_is_not_completed_in_time_is_given_back(capped):
    installation = await capped(cap(max=1, window="ever", complete_within_s=3_600))
    first = await decided(installation, event())
    installation.now_ms += HOUR_MS - 1
    assert (await decide(installation, event()))["decision"] == "block"
    installation.now_ms += 1
    second = await decided(installation, event())
    assert second["decision"] == "allow"
    await installation.outcomes.tell("default", second["decision_id"], "completed", "till")
    installation.now_ms += DAY_MS
    assert (await decide(installation, event()))["decision"] == "block"
    assert first["decision"] == "allow"


async def test_a_redemption_of_a_link_that_was_let_go_and_never_made_is_given_back(capped):
    """Nobody tells of a visit that was given up: after 15 minutes the check is not good for anything any more."""
    installation = await capped(cap(max=1, window="ever"))
    assert (await decided(installation, event(), "redemption"))["decision"] == "allow"
    installation.now_ms += 15 * MINUTE_MS - 1
    assert (await decide(installation, event(), "redemption"))["decision"] == "block"
    installation.now_ms += 1
    second = await decided(installation, event(), "redemption")
    assert second["decision"] == "allow"
    await installation.outcomes.tell("default", second["decision_id"], "completed", "token:t")
    installation.now_ms += DAY_MS
    assert (await decide(installation, event(), "redemption"))["decision"] == "block"


async def test_a_challenge_reserves_until_it_expires(capped):
    installation = await capped(CHALLENGED + cap(max=1, window="ever"))
    assert (await decided(installation, event()))["decision"] == "challenge"
    assert (await decide(installation, event()))["decision"] == "block"
    installation.now_ms += 15 * MINUTE_MS
    assert (await decide(installation, event()))["decision"] == "challenge"


async def test_a_passed_challenge_keeps_its_part(capped):
    installation = await capped(CHALLENGED + cap(max=1, window="ever"))
    told = await decided(installation, event())
    row = installation.record.decision("default", told["decision_id"])
    sighting = installation.sighter.sight(event(event_id=row.event_id)).sighting
    entry = StepUpPassed(
        row.decision_id, "default", "m-1", row.event_id, "totp", installation.now_ms, "key:k",
        row.occurred_ms, 10, passing("redeem", None, 10), row.reserved,
    )  # fmt: skip
    sealed = installation.journal.seal(entry, installation.now_ms)
    await installation.history.pass_step_up(sighting, None, sealed, 10, entry.effect, installation.now_ms)
    await installation.drain()
    installation.now_ms += 30 * DAY_MS
    assert (await decide(installation, event()))["decision"] == "block"


async def test_what_happened_counts_and_is_not_stopped_by_a_cap(capped):
    installation = await capped(cap(max=1, window="ever"))
    for _ in range(3):
        await decided(installation, event(), "event")
    told = await decide(installation, event())
    (reason,) = [one for one in told["reasons"] if one["code"] == "CAP"]
    assert reason["evidence"]["used"] == 3


async def test_whoever_dies_after_the_journal_has_the_worker_keep_it(capped, monkeypatch):
    """Between the journal and the reservation: what is provisional lapses, what is recorded does not."""
    installation = await capped(cap(max=1, window="ever"))
    monkeypatch.setattr(installation.scorer, "_hold", lambda _drafts: None)
    await decided(installation, event())
    installation.now_ms += DAY_MS
    assert (await decide(installation, event()))["decision"] == "block"


async def test_whoever_dies_before_the_journal_blocks_nobody_for_long(capped, monkeypatch):
    installation = await capped(cap(max=1, window="ever"))

    async def dying(_decided):
        raise asyncio.CancelledError

    one = event()
    with monkeypatch.context() as patch:
        patch.setattr(installation.history, "commit_many", dying)
        with pytest.raises(asyncio.CancelledError):
            await installation.scorer.decide(one, "decision")
    assert (await decide(installation, event()))["decision"] == "block"
    installation.now_ms += MINUTE_MS
    assert (await decide(installation, event()))["decision"] == "allow"


async def test_what_the_fallback_lets_through_counts_afterwards(capped, monkeypatch):
    """In the dark nothing is held against a cap, and the answer says so."""
    installation = await capped('[fallback]\nredeem = "allow"\n' + cap(max=1, window="ever"))

    async def away(_sightings):
        raise HotStoreAway("nobody answers")

    with monkeypatch.context() as patch:
        patch.setattr(installation.history, "observe_many", away)
        told = [await decide(installation, event()) for _ in range(3)]
    assert [one["decision"] for one in told] == ["allow"] * 3
    assert all(any(note.startswith("caps: ") for note in one["degraded"]) for one in told)
    await installation.despooler.step()
    await installation.drain()
    stopped = await decide(installation, event())
    (reason,) = [one for one in stopped["reasons"] if one["code"] == "CAP"]
    assert reason["evidence"]["used"] == 3


async def test_where_nobody_can_say_what_is_left_the_fallback_answers(capped, monkeypatch):
    """Never a silent yes to points going out: the hot store went away after the event was counted."""
    installation = await capped(cap(max=1))

    async def away(_wanted, _now_ms):
        raise HotStoreAway("nobody answers")

    with monkeypatch.context() as patch:
        patch.setattr(installation.history, "reserve_many", away)
        told = await decide(installation, event())
    assert (told["decision"], told["source"]) == ("challenge", "fallback")


async def test_reservations_are_brought_back_from_the_record(capped):
    """Allowed, challenged, cancelled, completed, held and released: as they were, but for what was given back."""
    caps = cap("program", max=100) + "\n" + cap(code="EARNED", max=9, applies_to=["earn"], window=86_400)
    installation = await capped(CHALLENGED + HELD + caps)
    for n in range(4):
        told = await decided(installation, event(f"m-{n}", points=[1, 10][n % 2]))
        await decided(installation, event(f"m-{n}", type="earn", points=50))
        if n < 2:
            outcome = ["cancelled", "completed"][n]
            await installation.outcomes.tell("default", told["decision_id"], outcome, "till")
            await installation.drain()
    installation.now_ms += 72 * HOUR_MS
    await end_holds(installation)
    await decided(installation, event("m-9", at_ms=installation.now_ms, points=1))
    await decide(installation, event("m-9", at_ms=NOW_MS, points=1))  # lets go of what has lapsed there
    await installation.drain()
    before = standing(await reserved(installation))
    assert len(before) == 6
    await wipe(installation.pipeline)
    assert await reserved(installation) == {}
    await rebuild(
        installation.pipeline, installation.record, installation.sighter, lambda *_: None,
        now_ms=installation.now_ms,
    )  # fmt: skip
    assert standing(await reserved(installation)) == before
