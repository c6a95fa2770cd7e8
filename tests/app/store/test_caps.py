"""What every store of reservations promises: exactly as many fit as fit. Memory is the reference for Valkey."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.capping.ports import NEVER_MS, Move, Part, Wanted
from app.store.memory import MemoryHistory
from app.store.pipeline import Pipeline
from app.store.valkey import ValkeyHistory
from app.store.valkey_caps import PROVISIONAL_MS, cap_keys
from tests.app.store.sightings import DAY_MS, HOUR_MS, NOW_MS, key

TTL_MS = 40 * DAY_MS


@pytest.fixture(params=["memory", "valkey"])
def store(request, pipeline):
    return MemoryHistory() if request.param == "memory" else ValkeyHistory(pipeline)


def part(cap: str, amount: int = 1, most: int = 5, window_ms: int = 0, *, hard: bool = True) -> Part:
    return Part(key(cap, 16), amount, most, window_ms, TTL_MS, hard)


def wants(event: str, *parts: Part, at_ms: int = NOW_MS) -> Wanted:
    return Wanted(key(event), at_ms, parts or (part("cap"),))


def move(word: str, event: str, until_ms: int = NEVER_MS, amount: int = 1, at_ms: int = NOW_MS) -> Move:
    return Move(word, key("cap", 16), key(event), at_ms, amount, until_ms, TTL_MS)


async def room(store, wanted: Wanted, now_ms: int = NOW_MS):
    (rooms,) = await store.reserve_many([wanted], now_ms)
    return rooms


async def used(store, now_ms: int = NOW_MS, cap: str = "cap") -> int:
    """By an event that fits nowhere and so reserves nothing."""
    (one,) = await room(store, wants("a look", part(cap, 10**9)), now_ms)
    return one.used


async def test_as_many_fit_as_fit_and_each_sees_what_was_used(store):
    rooms = await store.reserve_many([wants(f"e-{n}", part("cap", 2, 9)) for n in range(6)], NOW_MS)
    assert [one for (one,) in rooms] == [(0, True), (2, True), (4, True), (6, True), (8, False), (8, False)]


async def test_an_event_asks_once_however_often_it_asks(store):
    for _ in range(3):
        assert await room(store, wants("e-1", part("cap", 5, 5))) == ((0, True),)
    assert await room(store, wants("e-2")) == ((5, False),)


async def test_where_one_cap_refuses_nothing_is_reserved_at_any(store):
    """So nobody else is refused for the sake of an event that does not take place."""
    await room(store, wants("e-1", part("full", 5, 5)))
    rooms = await room(store, wants("e-2", part("open"), part("full"), part("soft", hard=False)))
    assert [one.fits for one in rooms] == [True, False, True]
    assert [await used(store, cap=cap) for cap in ("open", "full", "soft")] == [0, 5, 0]


async def test_a_cap_that_only_asks_for_more_leaves_the_others_reserved(store):
    await room(store, wants("e-1", part("full", 5, 5)))
    await room(store, wants("e-2", part("open"), part("full", hard=False)))
    assert [await used(store, cap=cap) for cap in ("open", "full")] == [1, 5]


async def test_what_nobody_journals_lapses_by_itself(store):
    await room(store, wants("e-1", part("cap", 5, 5)))
    assert await used(store, NOW_MS + PROVISIONAL_MS - 1) == 5
    assert await used(store, NOW_MS + PROVISIONAL_MS) == 0


async def test_what_is_kept_counts_until_it_lapses(store):
    await room(store, wants("e-1"))
    await store.hold([move("keep", "e-1", NOW_MS + HOUR_MS)])
    assert await used(store, NOW_MS + HOUR_MS - 1) == 1
    assert await used(store, NOW_MS + HOUR_MS) == 0


async def test_what_took_place_counts_whatever_the_cap_says(store):
    await room(store, wants("e-1", part("cap", 5, 5)))
    await store.hold([move("keep", "e-2", amount=3)])
    assert await used(store) == 8


@pytest.mark.parametrize("again", [1, 3])
async def test_what_was_given_back_stays_so(store, again):
    """The worker says everything once more: a decision that comes after its cancellation reserves nothing."""
    await room(store, wants("e-1"))
    for _ in range(again):
        await store.hold([move("release", "e-1", NOW_MS + DAY_MS)])
        await store.hold([move("keep", "e-1")])
    assert await used(store) == 0


async def test_a_rolling_window_counts_the_fullest_that_holds_the_event(store):
    """Late ones too: with three an hour apart no hour and a bit may hold a fourth."""
    window = part("cap", 1, 3, 2 * HOUR_MS)
    for n in range(3):
        assert (await room(store, wants(f"e-{n}", window, at_ms=NOW_MS + n * HOUR_MS // 2)))[0].fits
    late = wants("late", window, at_ms=NOW_MS - HOUR_MS // 2)
    assert await room(store, late) == ((3, False),)
    assert (await room(store, wants("early", window, at_ms=NOW_MS - 2 * HOUR_MS)))[0].fits
    assert (await room(store, wants("later", window, at_ms=NOW_MS + 2 * HOUR_MS)))[0] == (2, True)


async def test_of_64_racing_events_exactly_as_many_fit(hot_url):
    """Over eight connections, at two caps at once, of which the narrower decides."""
    pipelines = [Pipeline(hot_url, timeout_s=5) for _ in range(8)]
    await asyncio.gather(*(one.open(patience_s=5) for one in pipelines))
    stores = [ValkeyHistory(one) for one in pipelines]
    racing = [
        stores[n % 8].reserve_many([wants(f"e-{n}", part("wide", 1, 50), part("narrow", 3, 30))], NOW_MS)
        for n in range(64)
    ]
    rooms = [one[0] for one in await asyncio.gather(*racing)]
    assert sum(all(room.fits for room in one) for one in rooms) == 10
    assert await used(stores[0], cap="wide") == 10
    await asyncio.gather(*(one.close() for one in pipelines))


async def test_an_emptied_key_leaves_no_count_behind(pipeline):
    store = ValkeyHistory(pipeline)
    await room(store, wants("e-1"))
    await used(store, NOW_MS + PROVISIONAL_MS)
    assert await pipeline.execute("HGETALL", cap_keys(key("cap", 16))[0]) == [b"t", b"0"]


# ---------------------------------------------------------------- any sequence of moves


class Walker:
    """Takes both stores through the same moves and holds one's words against the other's."""

    def __init__(self, valkey: ValkeyHistory, seed: int, window_ms: int) -> None:
        self._valkey, self._memory = valkey, MemoryHistory()
        self._rng, self._window_ms = Random(seed), window_ms
        self._now_ms = NOW_MS

    async def walk(self, steps: int) -> None:
        for _ in range(steps):
            self._now_ms += self._rng.choice([0, 1, PROVISIONAL_MS // 2, HOUR_MS, 20 * DAY_MS])
            if self._rng.random() < 0.6:
                wanted = [self._wanted() for _ in range(self._rng.choice([1, 1, 5]))]
                there = await self._valkey.reserve_many(wanted, self._now_ms)
                assert there == await self._memory.reserve_many(wanted, self._now_ms)
            else:
                moves = [self._move() for _ in range(self._rng.choice([1, 3]))]
                await self._valkey.hold(moves)
                await self._memory.hold(moves)

    def _at(self) -> int:
        return self._now_ms - self._rng.choice([0, 0, 7, HOUR_MS, 40 * DAY_MS])

    def _wanted(self) -> Wanted:
        rng = self._rng
        parts = [
            part(
                f"cap {n}",
                rng.randrange(1, 4),
                rng.choice([3, 6, 12]),
                self._window_ms,
                hard=rng.random() < 0.7,
            )
            for n in rng.sample(range(3), rng.choice([1, 2, 3]))
        ]
        return wants(f"e-{rng.randrange(12)}", *parts, at_ms=self._at())

    def _move(self) -> Move:
        rng = self._rng
        word = rng.choice(["keep", "keep", "release"])
        until_ms = self._now_ms + rng.choice([0, 5, HOUR_MS, DAY_MS])
        if word == "keep" and rng.random() < 0.5:
            until_ms = NEVER_MS
        where, mark = key(f"cap {rng.randrange(3)}", 16), key(f"e-{rng.randrange(12)}")
        return Move(word, where, mark, self._at(), rng.randrange(1, 4), until_ms, TTL_MS)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.sampled_from([0, HOUR_MS, 3 * DAY_MS]), st.sampled_from([5, 30, 80]))
def test_valkey_does_as_memory_does(hot_server, seed, window_ms, steps):
    async def run() -> None:
        pipeline = Pipeline(hot_server, timeout_s=5)
        await pipeline.open(patience_s=5)
        try:
            await pipeline.execute("FLUSHDB")
            await Walker(ValkeyHistory(pipeline), seed, window_ms).walk(steps)
        finally:
            await pipeline.close()

    asyncio.run(run())
