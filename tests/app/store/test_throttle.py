"""Limits of one client: exact in any window, atomic, gone with their window, and closed while the store is away."""

from __future__ import annotations

import asyncio
import random

import pytest

from app.ports.history import HotStoreAway
from app.redeeming import throttling
from app.redeeming.throttling import LIMITS
from app.store.throttle import ValkeyThrottle, throttle_key

CLIENT = b"}{client" * 4
OTHER = b"another!" * 4


@pytest.fixture
def throttle(pipeline):
    return ValkeyThrottle(pipeline)


async def aged(pipeline, what, by_ms, client=CLIENT):
    """Let time pass: put every instant counted back."""
    key = throttle_key(what, client)
    kept = [int(instant) - by_ms for instant in await pipeline.execute("LRANGE", key, 0, -1)]
    await pipeline.execute("DEL", key)
    await pipeline.execute("RPUSH", key, *kept)


@pytest.mark.parametrize("what", LIMITS)
async def test_of_200_at_once_exactly_the_limit_is_admitted(throttle, what):
    waits = await asyncio.gather(*(throttle.admit(what, CLIENT) for _ in range(200)))
    assert waits.count(0) == LIMITS[what].most
    longest_s = LIMITS[what].window_ms // 1_000
    assert all(longest_s - 10 <= wait <= longest_s for wait in waits if wait)


@pytest.mark.parametrize("what", LIMITS)
async def test_only_when_the_oldest_has_left_the_window_is_there_room_and_for_one(throttle, pipeline, what):
    most, window_ms = LIMITS[what]
    for _ in range(most):
        assert await throttle.admit(what, CLIENT) == 0
    await aged(pipeline, what, window_ms // 2)
    assert await throttle.admit(what, CLIENT) > 0
    await pipeline.execute("LSET", throttle_key(what, CLIENT), 0, 1)
    assert [await throttle.admit(what, CLIENT) > 0 for _ in range(3)] == [False, True, True]


async def test_what_is_refused_is_not_counted(throttle, pipeline):
    """Whoever goes on asking is not kept out for longer than whoever waits."""
    for _ in range(LIMITS["verify"].most * 3):
        await throttle.admit("verify", CLIENT)
    assert await pipeline.execute("LLEN", throttle_key("verify", CLIENT)) == LIMITS["verify"].most
    await aged(pipeline, "verify", LIMITS["verify"].window_ms)
    assert await throttle.admit("verify", CLIENT) == 0


async def test_clients_and_what_they_do_are_counted_apart(throttle):
    for _ in range(LIMITS["verify"].most):
        await throttle.admit("verify", CLIENT)
    assert await throttle.admit("verify", CLIENT) > 0
    assert await throttle.admit("verify", OTHER) == 0
    assert await throttle.admit("landing", CLIENT) == 0


async def test_too_many_unknown_tokens_bar_from_sessions_and_from_nothing_else(throttle):
    for _ in range(LIMITS["unknown"].most - 1):
        await throttle.count("unknown", CLIENT)
    assert await throttle.admit("enter", CLIENT) == 0
    await throttle.count("unknown", CLIENT)
    assert await throttle.admit("enter", CLIENT) > LIMITS["enter"].window_ms // 1_000
    assert await throttle.admit("landing", CLIENT) == 0
    assert await throttle.admit("verify", CLIENT) == 0
    assert await throttle.admit("enter", OTHER) == 0


async def test_starting_a_session_counts_no_unknown_token_and_a_barred_one_no_session(throttle, pipeline):
    await throttle.admit("enter", CLIENT)
    assert await pipeline.execute("EXISTS", throttle_key("unknown", CLIENT)) == 0
    for _ in range(LIMITS["unknown"].most):
        await throttle.count("unknown", CLIENT)
    await throttle.admit("enter", CLIENT)
    assert await pipeline.execute("LLEN", throttle_key("enter", CLIENT)) == 1


@pytest.mark.parametrize("what", LIMITS)
async def test_every_key_goes_with_its_window(throttle, pipeline, what):
    await throttle.admit(what, CLIENT)
    await throttle.count(what, CLIENT)
    for key in await pipeline.execute("KEYS", "*"):
        assert 0 < await pipeline.execute("PTTL", key) <= LIMITS[what].window_ms


async def test_a_clock_that_was_put_back_keeps_nobody_waiting_beyond_a_window(throttle, pipeline):
    for _ in range(LIMITS["verify"].most):
        await throttle.admit("verify", CLIENT)
    await aged(pipeline, "verify", -86_400_000)
    assert await throttle.admit("verify", CLIENT) == LIMITS["verify"].window_ms // 1_000


async def test_while_the_store_is_away_nobody_is_admitted(throttle, pipeline):
    await pipeline.close()
    for asked in (throttle.admit("landing", CLIENT), throttle.count("unknown", CLIENT)):
        with pytest.raises(HotStoreAway):
            await asked


def test_a_clients_counts_lie_in_one_slot_whatever_its_hash_holds():
    """The part between the first brace and the next names the slot, and must be the whole client."""
    tags = {throttle_key(what, CLIENT).split(b"{", 1)[1].split(b"}", 1)[0] for what in LIMITS}
    assert tags == {CLIENT.hex().encode()}


def test_every_limit_is_the_requirements():
    told = {what: (limit.most, limit.window_ms) for what, limit in LIMITS.items()}
    assert told == {
        "landing": (60, 60_000), "enter": (20, 60_000), "verify": (10, 60_000), "unknown": (30, 3_600_000),
    }  # fmt: skip
    assert all(bar in LIMITS for bars in throttling.BARRED_BY.values() for bar in bars)


async def test_it_agrees_with_the_definition_whatever_happened_before(throttle, pipeline):
    """One is admitted if and only if fewer than the limit were within the window that ends now."""
    most, window_ms = LIMITS["verify"]
    dice = random.Random(7)
    seen = set()
    for _ in range(200):
        ages = sorted(
            (dice.choice((0.1, 0.5, 0.8, 1.1, 1.5)) * window_ms for _ in range(dice.randrange(20))),
            reverse=True,
        )
        key = throttle_key("verify", CLIENT)
        seconds, micros = await pipeline.execute("TIME")
        now_ms = int(seconds) * 1_000 + int(micros) // 1_000
        await pipeline.execute("DEL", key)
        if ages:
            await pipeline.execute("RPUSH", key, *(int(now_ms - age) for age in ages[-most:]))
        admitted = await throttle.admit("verify", CLIENT) == 0
        assert admitted == (sum(age < window_ms for age in ages) < most)
        seen.add(admitted)
    assert seen == {True, False}
