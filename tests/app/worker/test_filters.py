"""The filter of recorded ids: it may think it knows an id that it does not, never the other way round."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.sighting import Sighter
from app.store.packing import PARTITIONS
from app.store.pipeline import Pipeline, script
from app.store.valkey import ValkeyHistory, claim_key, filter_key
from app.worker import filters
from app.worker.recorder import ANSWERS_STAY_MS, remembering
from tests.app.installation import MASTER
from tests.app.store.sightings import sighting

SIGHTER = Sighter(MASTER)


class Recorded:
    """A record of nothing but event ids."""

    def __init__(self, ids):
        self._ids = list(ids)
        self.while_read = lambda: None

    def count_events(self):
        return len(self._ids)

    def event_ids(self):
        for event_id in list(self._ids):
            yield "default", event_id
        self.while_read()


async def word(history, event_id):
    """What a claim by a stranger says of the id."""
    return await history.claim(sighting("any")._replace(event_key=SIGHTER.event_key("default", event_id)))


async def remember(pipeline, event_id):
    """As the recorder does once an event is in the record."""
    event = SIGHTER.event_key("default", event_id)
    keys = [filter_key(event), filter_key(event, building=True), claim_key(event)]
    await pipeline.call(script("remember", keys, 1, event))


async def test_without_a_filter_everything_is_looked_up(pipeline):
    assert await word(ValkeyHistory(pipeline), "e-1") == "unsure"


async def test_events_of_one_filter_are_marked_together(pipeline):
    """As many as come, and each claim is let go."""
    await filters.ensure(pipeline, Recorded([]), SIGHTER)
    events: dict[bytes, list[str]] = {}
    for n in range(100):
        event_id = f"e-{n}"
        await word(ValkeyHistory(pipeline), event_id)
        events.setdefault(filter_key(SIGHTER.event_key("default", event_id)), []).append(event_id)
    ids = max(events.values(), key=len)
    keys = [SIGHTER.event_key("default", event_id) for event_id in ids]
    await pipeline.call(remembering(keys))
    for event_id, event in zip(ids, keys, strict=True):
        assert await pipeline.execute("PTTL", claim_key(event)) <= ANSWERS_STAY_MS
        assert await word(ValkeyHistory(pipeline), event_id) == "unsure_pending"


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.text(min_size=1, max_size=20), min_size=1, max_size=60), st.integers(0, 60))
def test_a_recorded_id_is_never_denied(hot_url, ids, number):
    """Neither one that the filter was built from nor one that was remembered since."""
    listed, later = sorted(ids)[:number], sorted(ids)[number:]

    async def walk():
        pipeline = Pipeline(hot_url, timeout_s=5)
        await pipeline.open(patience_s=5)
        await pipeline.execute("FLUSHALL")
        await filters.ensure(pipeline, Recorded(listed), SIGHTER)
        for event_id in later:
            await remember(pipeline, event_id)
        words = [await word(ValkeyHistory(pipeline), event_id) for event_id in ids]
        await pipeline.close()
        return set(words)

    assert asyncio.run(walk()) == {"unsure"}


async def test_a_new_id_is_seldom_looked_up(pipeline):
    """Of a filter as full as it gets, one in fifty."""
    bits, events = 1 << 12, 16 * (1 << 12) // filters.BITS_AN_EVENT
    await filters._build(pipeline, Recorded(f"e-{n}" for n in range(events)), SIGHTER, bits)
    history = ValkeyHistory(pipeline)
    words = await asyncio.gather(*(word(history, f"new-{n}") for n in range(2_000)))
    assert 2_000 / 85 * 0.5 < words.count("unsure") < 2_000 / 85 * 1.7


async def test_it_grows_before_it_is_full(pipeline, monkeypatch):
    monkeypatch.setattr(filters, "SMALLEST_BITS", 1 << 9)
    assert await filters.ensure(pipeline, Recorded([]), SIGHTER) == (16 << 9) // filters.BITS_AN_EVENT
    few = await pipeline.execute("STRLEN", "f{0}")
    ids = [f"e-{n}" for n in range(900)]
    assert await filters.ensure(pipeline, Recorded(ids), SIGHTER) >= len(ids)
    assert await pipeline.execute("STRLEN", "f{0}") == 4 * few
    history = ValkeyHistory(pipeline)
    assert {await word(history, event_id) for event_id in ids} == {"unsure"}


async def test_an_id_recorded_while_the_filter_is_built_is_in_it(pipeline, hot_url):
    """Read too late for the listing and marked before the new filter takes the old one's place."""
    record = Recorded(["e-1"])
    other = Pipeline(hot_url, timeout_s=5)
    await other.open(patience_s=5)
    recording = []
    record.while_read = lambda: recording.append(
        asyncio.get_running_loop().create_task(remember(other, "e-2"))
    )
    slow = filters.STRETCH
    assert slow > 1
    await filters._build(Slowly(pipeline, recording), record, SIGHTER, 1 << 12)
    assert await word(ValkeyHistory(pipeline), "e-2") == "unsure"
    await other.close()


class Slowly:
    """A connection whose last word waits until what is under way elsewhere is done."""

    def __init__(self, pipeline, under_way):
        self._pipeline, self._under_way = pipeline, under_way

    async def execute(self, *words):
        await asyncio.gather(*self._under_way)
        return await self._pipeline.execute(*words)

    async def call(self, packed, replies=1):
        return await self._pipeline.call(packed, replies)


async def test_only_one_builds_at_a_time_and_one_that_was_overtaken_changes_nothing(pipeline):
    await pipeline.execute("SET", filters.BUILDER, "somebody else")
    await filters.ensure(pipeline, Recorded(["e-1"]), SIGHTER)
    assert await pipeline.execute("STRLEN", "f{0}") == 0
    await pipeline.execute("DEL", filters.BUILDER)

    record = Recorded(["e-1"])
    taken = []

    def overtake():
        taken.append(pipeline.execute("SET", filters.BUILDER, "somebody else"))

    record.while_read = overtake
    building = asyncio.ensure_future(filters._build(Slowly(pipeline, taken), record, SIGHTER, 1 << 12))
    await building
    assert await pipeline.execute("EXISTS", "f{0}") == 0
    assert await pipeline.execute("GET", filters.BUILDER) == b"somebody else"


@pytest.mark.parametrize("tag", PARTITIONS)
async def test_every_partition_has_its_filter(pipeline, tag):
    await filters.ensure(pipeline, Recorded([]), SIGHTER)
    assert await pipeline.execute("STRLEN", b"f" + tag) * 8 == filters.SMALLEST_BITS
