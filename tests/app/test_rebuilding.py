"""The hot state is a cache of the record: thrown away and made again it is the same, entity for entity."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from random import Random

import msgspec
import pytest

from app.answers import Conflict409, Decided200, Told
from app.ports.history import HotStoreAway
from app.rebuilding import STRETCH, Rebuilding, is_complete, rebuild, wipe
from detectors.event import Device, Event, Profile
from detectors.snapshot import EXACT_INSTANTS
from tests.app.installation import difference
from tests.app.store.sightings import DAY_MS, HOUR_MS, NOW_MS

TYPES = ("login", "login_failed", "transfer", "adjust", "return", "purchase", "expire")


def profile(account: int, rng: Random) -> Profile:
    """Three in a household, and mailboxes and telephones that several share and some change."""
    return Profile(
        email=f"person{rng.randrange(6)}@example.com",
        phone=f"+49170123450{rng.randrange(8)}",
        given_name=["Ana", "Ben", "Cleo"][account % 3],
        family_name=["Moreau", "Weiss"][account % 2],
        date_of_birth=["1990-01-02", "1985-07-30"][account % 2],
        street=f"Hauptstr. {account // 3}",
        postcode="10115",
        city="Berlin",
        country="DE",
    )


def event(n: int, at_ms: int, rng: Random, **given: object) -> Event:
    """One of a programme of twelve members, who share devices, addresses and identifiers."""
    account = rng.choice([0] * 12 + [*range(12)])
    kind = rng.choice(["redeem", "redeem", *["earn"] * 6, *TYPES])
    named = {
        "event_id": f"e-{n}",
        "type": kind,
        "occurred_at": datetime.fromtimestamp(at_ms / 1_000, UTC),
        "account_id": f"m-{account}",
        "points": rng.randrange(-50, 500) if kind == "adjust" else rng.randrange(500),
        "device": Device(id=f"d-{rng.choice([0, account])}") if rng.random() < 0.6 else None,
        "ip": rng.choice([None, "192.0.2.7", "2001:db8::7"]),
        "payment_instrument_id": rng.choice([None, None, f"p-{account % 5}"]),
        "counterparty_account_id": f"m-{rng.randrange(14)}" if kind == "transfer" else None,
        "channel": rng.choice(["web", "app", "pos"]),
    }
    if rng.random() < 0.12 and given.get("profile", True):
        named |= {
            "type": rng.choice(["signup", "profile_change"]),
            "profile": profile(account, rng),
            "points": None,
        }
    return Event(**{**named, **given})


def instants(number: int, rng: Random) -> list[int]:
    """Weeks, in bursts; one in ten late."""
    now, found = NOW_MS - 20 * DAY_MS, []
    for _ in range(number):
        now += rng.choice([0, 400, 30_000, HOUR_MS, 3 * HOUR_MS])
        found.append(now - (rng.randrange(6 * DAY_MS) if rng.random() < 0.1 else 0))
    return found


async def live(installation, numbers: range, seed: int) -> None:
    """Decide varied events, some of them again, hear what became of them, and record now and then."""
    rng, decided = Random(seed), []
    for n, at_ms in zip(numbers, instants(len(numbers), rng), strict=True):
        one = event(n, at_ms, rng)
        installation.now_ms = max(installation.now_ms, at_ms)
        origin = rng.choice(["decision", "decision", "event"])
        answer = await installation.scorer.decide(one, origin)
        assert isinstance(answer, Decided200)
        assert not answer.repeated
        decided.append((one, answer))
        if n % 7 == 0:
            old, given = rng.choice(decided)
            again = await installation.scorer.decide(old, "decision")
            assert again == Decided200(given.body, repeated=True)
        if n % 31 == 0:
            old, _ = rng.choice(decided)
            other = msgspec.structs.replace(old, session_id="another body")
            assert await installation.scorer.decide(other, "decision") == Conflict409()
        if n % 23 == 0:
            await installation.drain()
            await told_of_some(installation, decided, rng)
    await installation.drain()


async def told_of_some(installation, decided, rng: Random) -> None:
    for one, answer in rng.sample(decided, min(3, len(decided))):
        decision_id = msgspec.json.decode(answer.body)["decision_id"]
        for outcome in rng.choice([["completed"], ["completed", "disputed"], ["cancelled"], ["reversed"]]):
            heard = await installation.outcomes.tell(one.program_id, decision_id, outcome, "till")
            if not isinstance(heard, Told):
                break


def quiet(_done: int, _total: int) -> None:
    """Nobody watches."""


async def rebuilt(installation, **how) -> int:
    return await rebuild(installation.pipeline, installation.record, installation.sighter, quiet, **how)


async def test_what_is_thrown_away_and_rebuilt_is_the_same(installation):
    """Bursts, late events, repeats, conflicts, outcomes, shared identifiers, and a member beyond the exact instants."""
    await live(installation, range(400), seed=1)
    before = await installation.entities()
    assert any(cells for entity in before.values() for _, _, cells in entity["series"].values())
    kept = {len(instants) for one in before.values() for instants, _, _ in one["series"].values()}
    assert max(kept) == EXACT_INSTANTS
    assert any(entity["totals"].get("burn") for entity in before.values())
    assert any(entity["links"] for entity in before.values())
    assert any(fact.changed_ms for entity in before.values() for fact in entity["facts"].values())
    await wipe(installation.pipeline)
    assert await installation.entities() == {}
    assert not await is_complete(installation.pipeline)
    assert await rebuilt(installation) > 400
    assert await is_complete(installation.pipeline)
    assert difference(await installation.entities(), before) == []


async def test_a_change_of_address_made_meanwhile_is_known_as_one(installation):
    """The new mailbox is learned first, the old one comes back from the record: it was a change all the same."""
    rng = Random(10)
    old, new = (Profile(email=f"{name}@example.com") for name in ("old", "new"))
    await installation.scorer.decide(
        event(1, NOW_MS, rng, account_id="m-1", type="signup", profile=old), "event"
    )
    await installation.drain()
    await wipe(installation.pipeline)
    await installation.scorer.decide(
        event(2, NOW_MS + 5, rng, account_id="m-1", type="profile_change", profile=new), "event"
    )
    await rebuilt(installation)
    (fact,) = [e["facts"]["email"] for e in (await installation.entities()).values() if e["facts"]]
    assert (fact.since_ms, fact.changed_ms) == (NOW_MS + 5, NOW_MS + 5)


class Tired(Exception):
    """Somebody pulled the plug."""


async def test_an_interrupted_rebuild_goes_on_where_it_was(installation):
    await live(installation, range(3 * STRETCH), seed=2)
    before = await installation.entities()

    def tire(done: int, _total: int) -> None:
        if done == 2 * STRETCH:
            raise Tired

    with pytest.raises(Tired):
        await rebuild(
            installation.pipeline, installation.record, installation.sighter, tire, from_nothing=True
        )
    half_way = await installation.entities()
    assert difference(half_way, before) != []
    assert not await is_complete(installation.pipeline)
    await rebuilt(installation)
    assert difference(await installation.entities(), before) == []


async def test_a_complete_state_is_not_counted_again(installation):
    """Nor are the events that were decided since the last rebuild."""
    await live(installation, range(100), seed=3)
    await rebuilt(installation, from_nothing=True)
    await live(installation, range(100, 260), seed=4)
    before = await installation.entities()
    assert await rebuilt(installation) == 0
    assert difference(await installation.entities(), before) == []


async def test_events_decided_meanwhile_are_counted_once(installation):
    """Decided after the loss, before, between and after the stretches; recorded at once or later; totals too."""
    await live(installation, range(3 * STRETCH), seed=5)
    await wipe(installation.pipeline)
    rng = Random(6)
    at_ms = installation.now_ms
    later = [event(1_000 + n, at_ms + n * 1_000, rng, profile=None) for n in range(60)]
    await installation.scorer.decide_many(later[:20], "decision")
    await installation.drain()
    waiting = iter(later[20:])
    loop = asyncio.get_running_loop()
    deciding: list[asyncio.Task[object]] = []

    def meanwhile(_done: int, _total: int) -> None:
        """The rebuild does not wait for us; what is decided now comes between its stretches."""
        deciding.extend(
            loop.create_task(installation.scorer.decide(next(waiting), "decision")) for _ in range(10)
        )

    await rebuild(installation.pipeline, installation.record, installation.sighter, meanwhile)
    await asyncio.gather(*deciding)
    await installation.scorer.decide_many(list(waiting), "decision")
    await installation.drain()
    after = await installation.entities()
    await rebuilt(installation, from_nothing=True)
    assert difference(await installation.entities(), after) == []
    seen = installation.record.count_events()
    assert seen == 3 * STRETCH + 60


@pytest.mark.parametrize("when", ["before", "while it is away", "after"])
async def test_a_total_that_an_outcome_turned_comes_back_as_it_was(installation, when):
    """A total cannot say what it holds: an outcome told while the state is rebuilt counts once all the same."""
    one = event(1, NOW_MS, Random(7), type="earn", account_id="m-1", points=40)
    answer = await installation.scorer.decide(one, "event")
    await installation.drain()
    decision_id = msgspec.json.decode(answer.body)["decision_id"]
    for now in ("before", "while it is away", "after"):
        if now == when:
            await installation.outcomes.tell("default", decision_id, "reversed", "till")
            await installation.drain()
        if now == "before":
            await wipe(installation.pipeline)
        elif now == "while it is away":
            await rebuilt(installation)
    for _ in range(2):
        account = next(e for e in (await installation.entities()).values() if "earn" in e["totals"])
        assert account["totals"]["earn"] == 0
        await rebuilt(installation, from_nothing=True)


async def test_a_repeat_that_a_rebuild_overtakes_leaves_what_it_brought(installation, monkeypatch):
    """Counted by the repeat, met by the rebuild, and known from the record as a repeat: once in all, settled too."""
    one = event(1, NOW_MS, Random(7), type="earn", account_id="m-1", points=40, profile=None)
    answer = await installation.scorer.decide(one, "decision")
    await installation.drain()
    before = await installation.entities()
    await installation.pipeline.execute("FLUSHALL")
    asked = installation.record.answer
    loop = asyncio.get_running_loop()

    def meanwhile(program_id, event_id):
        """The record is asked in a thread, after the repeat was counted."""
        if not asyncio.run_coroutine_threadsafe(is_complete(installation.pipeline), loop).result():
            asyncio.run_coroutine_threadsafe(rebuilt(installation), loop).result()
        return asked(program_id, event_id)

    monkeypatch.setattr(installation.record, "answer", meanwhile)
    again = await installation.scorer.decide(one, "decision")
    assert again == Decided200(answer.body, repeated=True)
    assert await is_complete(installation.pipeline)
    assert difference(await installation.entities(), before) == []


@pytest.mark.parametrize("first", ["decision", "outcome"])
async def test_an_outcome_told_meanwhile_counts_once(installation, first):
    """Of a redemption from before the loss: whichever of the two comes back first, its points end as told."""
    one = event(1, NOW_MS, Random(7), type="redeem", account_id="m-1", points=40)
    answer = await installation.scorer.decide(one, "event")
    await installation.drain()
    decision_id = msgspec.json.decode(answer.body)["decision_id"]
    await wipe(installation.pipeline)
    if first == "outcome":
        await installation.outcomes.tell("default", decision_id, "reversed", "till")
        await installation.drain()
    await rebuilt(installation)
    if first == "decision":
        await installation.outcomes.tell("default", decision_id, "reversed", "till")
        await installation.drain()
    account = next(e for e in (await installation.entities()).values() if "burn" in e["totals"])
    assert account["totals"]["burn"] == 0
    assert "burn" not in account["series"]


async def test_two_never_rebuild_at_once(installation):
    """Twice counted is what two would bring: the second is told so, and one that lost its turn stops."""
    await live(installation, range(2 * STRETCH), seed=8)
    before = await installation.entities()

    async def second():
        with pytest.raises(Rebuilding):
            await rebuilt(installation)

    tasks = []
    await rebuild(
        installation.pipeline,
        installation.record,
        installation.sighter,
        lambda *_: tasks.append(asyncio.get_running_loop().create_task(second())),
        from_nothing=True,
    )
    assert tasks
    await asyncio.gather(*tasks, return_exceptions=True)
    assert difference(await installation.entities(), before) == []


async def test_what_was_set_aside_survives_a_wipe(installation):
    await installation.pipeline.execute("XADD", "dead{0}", "*", "e", "sealed")
    await installation.pipeline.execute("XADD", "j{0}", "*", "e", "sealed")
    await wipe(installation.pipeline)
    assert await installation.dead_letters() == [b"sealed"]
    assert await installation.pipeline.execute("XLEN", "j{0}") == 1


async def test_a_refused_stretch_is_no_progress(installation):
    """Redis runs on after an error inside a transaction: half a stretch must not pass for a whole one."""
    await live(installation, range(STRETCH), seed=9)
    before = await installation.entities()
    await wipe(installation.pipeline)
    await installation.pipeline.execute("FUNCTION", "FLUSH")
    with pytest.raises(HotStoreAway):
        await rebuilt(installation)
    assert await installation.entities() == {}
    assert not await is_complete(installation.pipeline)
    with pytest.raises(HotStoreAway):
        await installation.scorer._history.claim(
            installation.sighter.sight(event(1, NOW_MS, Random(1))).sighting
        )
    await rebuilt(installation)
    assert difference(await installation.entities(), before) == []
