"""From the journal to the record: written, then forgotten; twice is once; what cannot go in blocks nobody."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import msgpack
from msgspec.structs import replace

from app.keys import derive
from app.ports.history import HotStoreAway
from app.ports.record import RecordAway
from app.ports.sighting import Claim
from app.seal import Seal
from app.store.valkey import answer_key, claim_key
from app.worker.recorder import ANSWERS_STAY_MS, BATCH, Recorder
from tests.app.installation import MASTER
from tests.app.store.sightings import NOW_MS

STREAM = b"j{0}"


@pytest.fixture
def put(installation):
    """Journal an entry, sealed."""

    async def journalled(entry, stream=STREAM):
        await installation.pipeline.execute(
            "XADD", stream, "*", "e", installation.journal.seal(entry, installation.now_ms)
        )

    return journalled


async def claim_again(installation, entry) -> Claim:
    return await installation.history.claim(installation.sighter.sight(entry.event).sighting)


async def test_what_is_journalled_is_recorded_and_then_forgotten(installation, put, decided, told):
    entry = decided(1, type="redeem", points=10)
    await put(entry)
    await put(told(entry, "cancelled"))
    assert await installation.drain() == 2
    row = installation.record.decision("default", entry.decision_id)
    assert (row.answer, row.outcome, row.burned) == (entry.answer, "cancelled", None)
    assert await installation.pipeline.execute("XLEN", STREAM) == 0
    assert await installation.drain() == 0


async def test_a_decision_is_found_in_the_record_after_the_hot_store_forgets_it(installation, decided):
    """Its answer and its claim stay ten minutes at hand; its id is known for ever."""
    event = decided(1, occurred_at=decided(1).event.occurred_at).event
    answer = await installation.scorer.decide(event, "event")
    sighting = installation.sighter.sight(event).sighting
    kept = answer_key(sighting.touches[0].key, sighting.event_key)
    assert await installation.pipeline.execute("PTTL", kept) == -1
    await installation.drain()
    for key in (kept, claim_key(sighting.event_key)):
        assert 0 < await installation.pipeline.execute("PTTL", key) <= ANSWERS_STAY_MS
        await installation.pipeline.execute("DEL", key)
    assert await claim_again(installation, decided(1)) == "unsure"
    again = await installation.scorer.decide(event, "event")
    assert (again.body, again.repeated) == (answer.body, True)


async def test_twice_is_once(installation, put, decided):
    """A worker that dies between recording and forgetting leaves all of it to be read again."""
    entry = decided(1, points=10)
    for _ in range(3):
        await put(entry)
        await installation.drain()
    account = installation.record.account("default", "m-1")
    assert (account.events, account.earned_points) == (1, 10)
    assert installation.record.count_events() == 1


async def test_two_recorders_at_once_record_each_entry_once(installation, put, decided):
    for n in range(3 * BATCH):
        await put(decided(n, points=1), b"j{%x}" % (n % 16))
    other = Recorder(
        installation.pipeline,
        installation.record,
        installation.journal,
        installation.sighter,
        installation.clock,
    )
    for _ in range(4):
        await asyncio.gather(installation.recorder.step(), other.step())
    account = installation.record.account("default", "m-1")
    assert (account.events, account.earned_points) == (3 * BATCH, 3 * BATCH)
    assert await installation.drain() == 0


async def test_what_cannot_be_opened_is_set_aside_and_the_rest_goes_on(installation, put, decided):
    """Sealed under another key, cut short, or holding what this version does not know."""
    day_0 = Seal(derive(MASTER, "journal/0"))
    unknown = bytes(4) + day_0.seal(msgpack.encode({"type": "of tomorrow"}), b"journal/v1")
    broken = [b"", b"not sealed at all, by nobody", unknown]
    await put(decided(1))
    for sealed in broken:
        await installation.pipeline.execute("XADD", b"j{7}", "*", "e", sealed)
    await put(decided(2), b"j{7}")
    assert await installation.drain() == 5
    assert installation.record.count_events() == 2
    assert await installation.dead_letters() == broken
    assert await installation.drain() == 0


@pytest.mark.parametrize("refused", [{"risk_score": None}, {"received_ms": 1 << 70}, {"answer": None}])
async def test_what_the_database_refuses_is_set_aside_and_the_rest_goes_on(installation, decided, refused):
    good = [decided(n) for n in range(20)]
    bad = replace(decided(20), **refused)
    left = await installation.recorder._append([*good[:13], bad, *good[13:]])
    assert left == [bad]
    assert installation.record.count_events() == 20


class Away:
    """A database that cannot be reached."""

    def append(self, _entries):
        raise RecordAway("the record is away")


async def test_while_the_record_is_away_nothing_is_forgotten(installation, put, decided):
    await put(decided(1))
    recorder = Recorder(
        installation.pipeline, Away(), installation.journal, installation.sighter, installation.clock
    )
    with pytest.raises(RecordAway):
        await recorder.step()
    assert await installation.pipeline.execute("XLEN", STREAM) == 1
    assert await installation.drain() == 1


async def test_while_the_hot_store_is_away_nothing_is_recorded(installation, put, decided):
    await put(decided(1))
    await installation.pipeline.close()
    with pytest.raises(HotStoreAway):
        await installation.recorder.step()
    assert installation.record.count_events() == 0


async def test_the_order_of_a_journal_is_the_order_of_the_record(installation, put, decided):
    for n in (5, 3, 9, 1):
        await put(decided(n))
    await installation.drain()
    replayed = [entry.event.event_id for entry, _ in installation.record.replay()]
    assert replayed == ["e-5", "e-3", "e-9", "e-1"]


async def test_set_aside_entries_stay_sealed(installation, put, decided, monkeypatch):
    """For a person who knows the key; nobody else."""
    entry = decided(1, account_id="canary-account")
    await put(entry)

    def refuse(_entries):
        raise ValueError("no such number")

    monkeypatch.setattr(installation.record, "append", refuse)
    await installation.drain()
    (sealed,) = await installation.dead_letters()
    assert b"canary" not in sealed
    assert installation.journal.open(sealed) == entry
    assert installation.now_ms == NOW_MS
