"""What was decided in the dark is counted and journalled in the light, once, and never lost."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from app.answers import Decided200
from app.ports.history import HotStoreAway
from app.store.valkey import answer_key, claim_key
from detectors.event import instant_ms


@pytest.fixture
def spooled(installation, decided):
    """A decision that waits: of event e-1, answered in the dark."""
    entry = decided(1, type="redeem", points=40)
    sighting = installation.sighter.sight(entry.event).sighting
    entry = replace(
        entry,
        decision_id=f"dec_{sighting.touches[0].key[0] & 15:x}{sighting.event_key.hex()}",
        body_hash=sighting.body_hash,
        account_key=sighting.touches[0].key,
        origin="fallback",
    )
    installation.spool.keep(sighting.event_key, entry, installation.now_ms)
    return entry


async def forget(installation, entry) -> None:
    """Let ten minutes pass at the hot store."""
    sighting = installation.sighter.sight(entry.event).sighting
    account = sighting.touches[0].key
    for key in (claim_key(sighting.event_key), answer_key(account, sighting.event_key)):
        await installation.pipeline.execute("DEL", key)


def account(entities):
    (found,) = [entity for key, entity in entities.items() if key.startswith(b"a")]
    return found


async def test_it_is_counted_settled_journalled_and_its_file_goes(installation, spooled):
    assert await installation.despooler.step() == 1
    assert list(installation.spool.waiting()) == []
    await installation.drain()
    assert installation.record.answer("default", "e-1").answer == spooled.answer
    entity = account(await installation.entities())
    assert entity["series"]["redeem"][0] == [instant_ms(spooled.event)]
    assert entity["totals"] == {"burn": 40}
    assert await installation.dead_letters() == []


async def test_twice_is_once(installation, spooled):
    """A worker that dies before the file goes brings it again, even after the answer was forgotten."""
    await installation.despooler.step()
    before = await installation.entities()
    for wait in (False, True):
        if wait:
            await installation.drain()
            await forget(installation, spooled)
        installation.spool.keep(bytes(16), spooled, installation.now_ms)
        await installation.despooler.step()
        await installation.drain()
        assert await installation.entities() == before
    assert installation.record.count_events() == 1
    assert await installation.dead_letters() == []


@pytest.mark.parametrize("recorded", [False, True])
async def test_an_id_taken_meanwhile_by_another_body_is_set_aside_not_lost(installation, spooled, recorded):
    other = msgspec.structs.replace(spooled.event, points=99)
    (waiting,) = installation.spool.waiting()
    waiting.path.rename(
        waiting.path.with_name("ff" * 16)
    )  # on another machine's disk, so nobody here sees it
    answer = await installation.scorer.decide(other, "event")
    assert isinstance(answer, Decided200)
    if recorded:
        await installation.drain()
        await forget(installation, replace(spooled, event=other))
    before = await installation.entities()
    assert await installation.despooler.step() == 1
    (sealed,) = await installation.dead_letters()
    assert installation.journal.open(sealed) == spooled
    assert await installation.entities() == before
    assert list(installation.spool.waiting()) == []


async def test_an_event_answered_otherwise_meanwhile_keeps_that_answer_and_this_one_is_set_aside(
    installation, spooled
):
    (waiting,) = installation.spool.waiting()
    waiting.path.rename(waiting.path.with_name("ff" * 16))
    answer = await installation.scorer.decide(spooled.event, "event")
    before = await installation.entities()
    await installation.despooler.step()
    await installation.drain()
    assert installation.record.answer("default", "e-1").answer == answer.body
    (sealed,) = await installation.dead_letters()
    assert installation.journal.open(sealed) == spooled
    assert await installation.entities() == before


async def test_while_the_hot_store_is_away_it_waits_on(installation, spooled):
    await installation.pipeline.close()
    with pytest.raises(HotStoreAway):
        await installation.despooler.step()
    assert [one.entry for one in installation.spool.waiting()] == [spooled]


async def test_a_decision_made_in_the_dark_is_repeated_until_it_is_brought(installation, decided):
    """Away, the answer comes from the disk; back, it is the same, before and after the worker was there."""
    event = decided(1, type="redeem", points=40).event
    url_less = installation.pipeline
    url_less._ready = False
    dark = await installation.scorer.decide(event, "decision")
    assert isinstance(dark, Decided200)
    assert msgspec.json.decode(dark.body)["source"] == "fallback"
    again = await installation.scorer.decide(event, "decision")
    assert again == Decided200(dark.body, repeated=True)
    url_less._ready = True
    assert await installation.scorer.decide(event, "decision") == Decided200(dark.body, repeated=True)
    await installation.despooler.step()
    assert await installation.scorer.decide(event, "decision") == Decided200(dark.body, repeated=True)
    await installation.drain()
    assert installation.record.count_events() == 1
    assert await installation.dead_letters() == []
