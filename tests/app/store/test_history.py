"""What every hot store promises: counted once, exactly, whatever the order. Memory is the reference for Valkey."""

from __future__ import annotations

import asyncio
import random

import pytest

from app.ports.history import Settlement
from app.ports.sighting import PeerSeen, Touch
from app.store.memory import MemoryHistory
from app.store.pipeline import Pipeline
from app.store.valkey import ValkeyHistory
from detectors.snapshot import Cell, Fact, Link, Traits
from tests.app.store.sightings import DAY_MS, HOUR_MS, NOW_MS, key, plain, settle_in, sighting

NOTHING = Settlement({})


@pytest.fixture(params=["memory", "valkey"])
async def history(request, pipeline):
    if request.param == "memory":
        return MemoryHistory()
    await settle_in(pipeline)
    return ValkeyHistory(pipeline)


async def account_of(history, account="m-1"):
    """The account as it is now, read by an event that only looks."""
    looking = sighting(f"look at {account}", NOW_MS, account=account)
    touch = looking.touches[0]._replace(kind="")
    return (await history.observe(looking._replace(touches=(touch,)))).entities["account"]


# ---------------------------------------------------------------- counting


async def test_the_event_itself_counts(history):
    seen = await history.observe(sighting("e-1", points=7, device="d-1"))
    assert seen.claim == "new"
    assert seen.answer is None
    assert seen.added == {"account": True, "device": True}
    redeemed = seen.entities["account"].series["redeem"]
    assert (list(redeemed.instants_ms), list(redeemed.points)) == ([NOW_MS], [7])
    at_device = seen.entities["device"].series["redeem"]
    assert (list(at_device.instants_ms), list(at_device.points)) == ([NOW_MS], [])


async def test_a_repeat_never_counts_twice(history):
    first = await history.observe(sighting("e-1", device="d-1"))
    again = await history.observe(sighting("e-1", device="d-1"))
    assert again.claim == "pending"
    assert again.added == {"account": False, "device": False}
    for role in ("account", "device"):
        assert plain(again.entities[role]) == plain(first.entities[role])


async def test_a_repeat_that_was_answered_brings_the_answer(history):
    await history.observe(sighting("e-1"))
    await history.commit(sighting("e-1"), b"the answer", b"entry", NOTHING)
    assert (await history.observe(sighting("e-1"))).answer == b"the answer"
    assert await history.stored_answer(key("m-1"), key("e-1", 16)) == b"the answer"
    assert await history.stored_answer(key("m-1"), key("e-2", 16)) is None


@pytest.mark.parametrize("answered", [True, False])
async def test_two_bodies_under_one_id_conflict(history, answered):
    await history.observe(sighting("e-1"))
    if answered:
        await history.commit(sighting("e-1"), b"the answer", b"entry", NOTHING)
    seen = await history.observe(sighting("e-1", body="another"))
    assert seen.claim == "conflict"


async def test_the_same_id_at_two_accounts_conflicts(history):
    await history.observe(sighting("e-1"))
    assert (await history.observe(sighting("e-1", account="m-2", body="another"))).claim == "conflict"


async def test_a_claim_alone_counts_nothing(history):
    """An event id is claimed once; whoever claims it again with the same body finds it pending."""
    assert await history.claim(sighting("e-1")) == "new"
    assert await history.claim(sighting("e-1")) == "pending"
    assert await history.claim(sighting("e-1", body="another")) == "conflict"
    seen = await history.observe(sighting("e-1"))
    assert seen.claim == "pending"
    assert seen.added == {"account": True}


async def test_a_claim_can_be_settled_in_favour_of_the_recorded_body(history):
    await history.claim(sighting("e-1", body="another"))
    await history.settle_claim(sighting("e-1", body="another"), sighting("e-1").body_hash)
    assert await history.claim(sighting("e-1", body="another")) == "conflict"
    assert await history.claim(sighting("e-1")) == "pending"


async def test_many_are_counted_in_the_order_given(history):
    seen = await history.observe_many([sighting(f"e-{n}", NOW_MS + n) for n in range(9)])
    assert [len(one.entities["account"].series["redeem"].instants_ms) for one in seen] == [*range(1, 10)]


async def test_of_64_racing_redemptions_each_sees_another_count(hot_url):
    """Over eight connections: the counts seen are 1 to 64, each exactly once."""
    pipelines = [Pipeline(hot_url, timeout_s=5) for _ in range(8)]
    await asyncio.gather(*(one.open(patience_s=5) for one in pipelines))
    histories = [ValkeyHistory(one) for one in pipelines]
    rng = random.Random(1)
    racing = [histories[n % 8].observe(sighting(f"e-{n}", NOW_MS + rng.randrange(1_000))) for n in range(64)]
    seen = await asyncio.gather(*racing)
    counts = [len(one.entities["account"].series["redeem"].instants_ms) for one in seen]
    assert sorted(counts) == [*range(1, 65)]
    await asyncio.gather(*(one.close() for one in pipelines))


async def test_racing_commits_of_one_event_give_one_answer(hot_url):
    """Eight workers decide the same event at once: one answer, one journal entry, one settlement."""
    pipelines = [Pipeline(hot_url, timeout_s=5) for _ in range(8)]
    await asyncio.gather(*(one.open(patience_s=5) for one in pipelines))
    histories = [ValkeyHistory(one) for one in pipelines]
    one = sighting("e-1")
    await asyncio.gather(*(history.observe(one) for history in histories))
    answers = await asyncio.gather(
        *(
            history.commit(one, b"answer %d" % n, b"entry", Settlement({"earn": 5}, 10))
            for n, history in enumerate(histories)
        )
    )
    assert len(set(answers)) == 1
    entity = await account_of(histories[0])
    assert dict(entity.totals_points.items()) == {"earn": 5, "burn": 10}
    assert list(entity.series["burn"].instants_ms) == [NOW_MS]
    journal = b"j{%x}" % (key("m-1")[0] & 15)
    assert await pipelines[0].execute("XLEN", journal) == 1
    await asyncio.gather(*(each.close() for each in pipelines))


# ---------------------------------------------------------------- settling


async def test_commit_is_once_and_the_first_answer_counts(history):
    one = sighting("e-1")
    await history.observe(one)
    assert await history.commit(one, b"first", b"entry", Settlement({"earn": 5})) == b"first"
    assert await history.commit(one, b"second", b"entry", Settlement({"earn": 5})) == b"first"
    assert dict((await account_of(history)).totals_points.items()) == {"earn": 5}


async def test_totals_and_points_burned_follow_outcomes(history):
    one = sighting("e-1", points=40)
    await history.observe(one)
    await history.commit(one, b"yes", b"entry", Settlement({"earn": 3}, 40))
    entity = await account_of(history)
    assert dict(entity.totals_points.items()) == {"earn": 3, "burn": 40}
    assert list(entity.series["burn"].points) == [40]
    assert await history.tell_outcome(one, "cancelled", None, b"entry", 40, "unburn") is None
    entity = await account_of(history)
    assert dict(entity.totals_points.items()) == {"earn": 3, "burn": 0}
    assert "burn" not in entity.series


async def test_a_redemption_worth_nothing_can_be_burned_and_given_back(history):
    """Zero points are points: the number must survive every step."""
    one = sighting("e-1", points=0)
    await history.observe(one)
    await history.commit(one, b"yes", b"entry", Settlement({}, 0))
    assert list((await account_of(history)).series["burn"].points) == [0]
    assert await history.tell_outcome(one, "reversed", None, b"entry", 0, "unburn") is None
    assert dict((await account_of(history)).totals_points.items()) == {"burn": 0}


async def test_an_outcome_is_told_only_by_who_knows_the_last_one(history):
    one = sighting("e-1")
    assert await history.tell_outcome(one, "completed", None, b"entry", 10, "burn") is None
    assert await history.tell_outcome(one, "disputed", None, b"entry", 10, "") == "completed"
    assert await history.tell_outcome(one, "disputed", "completed", b"entry", 10, "") is None
    assert dict((await account_of(history)).totals_points.items()) == {"burn": 10}


async def test_what_is_burned_twice_is_burned_once(history):
    """The same redemption's points, told again, change neither the series nor the total."""
    one = sighting("e-1", points=40)
    await history.commit(one, b"yes", b"entry", Settlement({}, 40))
    await history.tell_outcome(one, "completed", None, b"entry", 40, "burn")
    assert dict((await account_of(history)).totals_points.items()) == {"burn": 40}
    await history.tell_outcome(one, "reversed", "completed", b"entry", 40, "unburn")
    await history.tell_outcome(one, "cancelled", "reversed", b"entry", 40, "unburn")
    assert dict((await account_of(history)).totals_points.items()) == {"burn": 0}


async def test_the_likeliest_eight_links_are_remembered(history):
    one = sighting("e-1")
    peers = [key(f"peer {n}") for n in range(12)]
    links = tuple((key("m-1"), peer, n / 16) for n, peer in enumerate(peers))
    await history.commit(one, b"yes", b"entry", NOTHING._replace(links=links))
    kept = list((await account_of(history)).links)
    assert kept == [Link(peers[n].hex(), n / 16) for n in range(11, 3, -1)]


# ---------------------------------------------------------------- taking back


async def test_retract_restores_what_was_counted(history):
    await history.observe(sighting("e-1", NOW_MS, device="d-1"))
    before = await account_of(history)
    unwanted = sighting("e-2", NOW_MS - 5_000, device="d-2", kind="earn")
    seen = await history.observe(unwanted)
    await history.retract(unwanted, seen)
    after = await account_of(history)
    assert plain(after) == plain(before)
    there = await history.observe(sighting("e-3", NOW_MS, account="m-2", device="d-2"))
    device = there.entities["device"]
    assert [peer.key for peer in device.peers["account"]] == [key("m-2").hex()]
    assert list(device.series) == ["redeem"]


async def test_retract_takes_back_only_what_this_call_counted(history):
    await history.observe(sighting("e-1", device="d-1"))
    again = await history.observe(sighting("e-1", device="d-1"))
    await history.retract(sighting("e-1", device="d-1"), again)
    assert list((await account_of(history)).series["redeem"].instants_ms) == [NOW_MS]


async def test_a_repeat_of_an_event_long_folded_leaves_no_trace(history):
    """The instant is not kept exactly any more, so it is counted again, found answered, and taken back."""
    events = [sighting(f"e-{n}", NOW_MS + n * HOUR_MS, device="d-1") for n in range(90)]
    seen = await history.observe_many(events)
    before = {role: plain(entity) for role, entity in seen[-1].entities.items()}
    for event in events[:20]:
        again = await history.observe(event)
        assert again.added == {"account": True, "device": True}
        await history.retract(event, again)
    after = await history.observe(events[-1])
    assert {role: plain(entity) for role, entity in after.entities.items()} == before


async def test_a_conflict_with_an_instant_of_its_own_leaves_no_empty_cell(history):
    events = [sighting(f"e-{n}", NOW_MS + n * HOUR_MS) for n in range(70)]
    seen = await history.observe_many(events)
    late = sighting("e-1", NOW_MS - 48 * HOUR_MS, body="another")
    again = await history.observe(late)
    await history.retract(late, again)
    after = await history.observe(events[-1])
    assert plain(after.entities["account"])["series"] == plain(seen[-1].entities["account"])["series"]


async def test_cells_are_seen_when_every_exact_instant_is_taken_back(history):
    """Seventy redemptions, the newest 64 reversed: the six that stand still count."""
    events = [sighting(f"e-{n}", NOW_MS + n * 1_000) for n in range(70)]
    for event in events:
        await history.commit(event, b"yes", b"entry", Settlement({}, 10))
    for event in events[6:]:
        await history.tell_outcome(event, "reversed", None, b"entry", 10, "unburn")
    entity = await account_of(history)
    assert entity.totals_points["burn"] == 60
    assert entity.series["burn"].within(NOW_MS + DAY_MS, 2 * DAY_MS) == (6, 60)
    await history.commit(sighting("e-70", NOW_MS + 70_000), b"yes", b"entry", Settlement({}, 10))
    burned = (await account_of(history)).series["burn"]
    assert burned.within(NOW_MS + DAY_MS, 2 * DAY_MS) == (7, 70)


# ---------------------------------------------------------------- what is remembered


async def test_a_late_event_goes_to_its_own_bucket(history):
    await history.observe_many([sighting(f"e-{n}", NOW_MS + n) for n in range(64)])
    hour, day = NOW_MS - 3 * HOUR_MS, NOW_MS - 9 * DAY_MS
    await history.observe(sighting("hours late", hour, points=5))
    seen = await history.observe(sighting("days late", day, points=6))
    assert list(seen.entities["account"].series["redeem"].cells) == [
        Cell(day // DAY_MS * DAY_MS, DAY_MS, 1, 6),
        Cell(hour // HOUR_MS * HOUR_MS, HOUR_MS, 1, 5),
    ]


async def test_an_event_older_than_the_longest_window_is_not_counted(history):
    await history.observe(sighting("e-1"))
    late = await history.observe(sighting("e-2", NOW_MS - 31 * DAY_MS - 1))
    assert late.added == {"account": False}
    assert list(late.entities["account"].series["redeem"].instants_ms) == [NOW_MS]


async def test_32_peers_are_kept_and_the_one_seen_longest_ago_is_forgotten(history):
    for n in range(33):
        await history.observe(sighting(f"e-{n}", NOW_MS + n * 1_000, device=f"d-{n}"))
    seen = await history.observe(sighting("late", NOW_MS, device="d-late"))
    kept = [peer.key for peer in seen.entities["account"].peers["device"]]
    assert kept == [key(f"d-{n}").hex() for n in range(1, 33)]


async def test_a_peer_met_again_keeps_its_first_instant_and_what_it_told(history):
    told = Traits(1, 2, 3, 4)
    await history.observe(sighting("e-1", NOW_MS, device="d-1", traits=told))
    seen = await history.observe(sighting("e-2", NOW_MS + 60_000, device="d-1"))
    (peer,) = seen.entities["device"].peers["account"]
    assert peer == (key("m-1").hex(), NOW_MS, NOW_MS + 60_000, told)


async def test_a_first_value_is_no_change_and_a_later_one_is(history):
    seen = await history.observe(sighting("e-1", NOW_MS, email="old"))
    assert seen.entities["account"].facts["email"] == Fact(key("old"), NOW_MS, None)
    seen = await history.observe(sighting("e-2", NOW_MS + 1, email="old"))
    assert seen.entities["account"].facts["email"] == Fact(key("old"), NOW_MS, None)
    seen = await history.observe(sighting("e-3", NOW_MS + 2, email="new"))
    assert seen.entities["account"].facts["email"] == Fact(key("new"), NOW_MS + 2, NOW_MS + 2)
    seen = await history.observe(sighting("late", NOW_MS + 1, email="old"))
    assert seen.entities["account"].facts["email"].value == key("new")


async def test_a_first_value_turns_out_to_be_a_change_when_an_older_one_comes_late(history):
    """As when the record is replayed beside live traffic."""
    await history.observe(sighting("e-1", NOW_MS, email="new"))
    seen = await history.observe(sighting("late", NOW_MS - DAY_MS, email="old"))
    assert seen.entities["account"].facts["email"] == Fact(key("new"), NOW_MS, NOW_MS)


async def test_an_entity_that_is_only_looked_at_counts_nothing(history):
    one = sighting("e-1")
    looked = Touch("counterparty", key("m-2"), "", 10, (PeerSeen("counterparty", key("m-1")),))
    seen = await history.observe(one._replace(touches=(*one.touches, looked)))
    assert seen.added["counterparty"] is False
    assert list(seen.entities["counterparty"].series) == []
    (peer,) = seen.entities["counterparty"].peers["counterparty"]
    assert peer.key == key("m-1").hex()
