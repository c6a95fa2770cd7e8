"""Any sequence of moves at all: Valkey answers as memory does, and both count what really happened."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.policy.names import WINDOWS
from app.ports.history import Settlement
from app.ports.sighting import Sighting
from app.store.memory import MemoryHistory
from app.store.pipeline import Pipeline
from app.store.valkey import ValkeyHistory
from detectors.snapshot import EXACT_INSTANTS, EXACT_INSTANTS_SHARED, Series, Traits
from tests.app.store.sightings import DAY_MS, HOUR_MS, NOW_MS, key, plain, settle_in, sighting, told

walking = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""A server stands behind every example, emptied each time."""
SCALES_MS = (10, 1_000, 60_000, HOUR_MS // 2, 6 * HOUR_MS)
"""Between two events, at most: from bursts to months."""
KINDS = ("redeem", "earn", "login")
TRAITS = (Traits(), Traits(1, 2, 3, 4), Traits(0, 0, 7, 0))


def on_valkey(url: str, walk: Callable[[ValkeyHistory], Awaitable[Any]]) -> Any:
    """What `walk` brings on an emptied Valkey."""

    async def run() -> Any:
        pipeline = Pipeline(url, timeout_s=5)
        await pipeline.open(patience_s=5)
        try:
            await pipeline.execute("FLUSHALL")
            await settle_in(pipeline)
            return await walk(ValkeyHistory(pipeline))
        finally:
            await pipeline.close()

    return asyncio.run(run())


class Walker:
    """Takes both stores through the same moves, drawn from a seed, and holds one's words against the other's."""

    def __init__(self, valkey: ValkeyHistory, seed: int, scale_ms: int) -> None:
        self._valkey, self._memory = valkey, MemoryHistory()
        self._rng, self._scale_ms = Random(seed), scale_ms
        self._now_ms = NOW_MS
        self._seen: list[tuple[Sighting, dict[str, bool]]] = []

    async def walk(self, steps: int) -> None:
        await self._observe([self._made()])
        for _ in range(steps):
            one, seen = self._rng.choice(self._rng.choice([self._seen, self._seen[-20:]]))
            move = self._rng.choice(
                ["burst", "burst", "again", "other body", "retract", "commit", "outcome", "pass"]
            )
            if move == "burst":
                await self._observe([self._made() for _ in range(self._rng.choice([1, 3, 10, 40]))])
            elif move == "again":
                await self._observe([one])
            elif move == "other body":
                await self._observe(
                    [one._replace(body_hash=key("other", 16), at_ms=one.at_ms - self._late())]
                )
            elif move == "retract":
                for store in (self._valkey, self._memory):
                    await store.retract(one, seen)
            elif move == "commit":
                await self._commit(one)
            elif move == "pass":
                await self._pass(one)
            else:
                await self._outcome(one)

    def _late(self) -> int:
        """Mostly in order; now and then late by up to 400 times what lies between two events."""
        furthest = self._rng.choice([0] * 7 + [1, 20, 400])
        return self._rng.randrange(self._scale_ms * furthest) if furthest else 0

    def _made(self) -> Sighting:
        rng = self._rng
        self._now_ms += rng.choice([0, rng.randrange(self._scale_ms)])
        return sighting(
            f"e-{rng.getrandbits(64)}",
            self._now_ms - self._late(),
            account=rng.choice(["m-1", "m-2"]),
            kind=rng.choice(KINDS),
            points=rng.randrange(10**9),
            device=rng.choice([None, "d-0", f"d-{rng.randrange(40)}"]),
            email=rng.choice([None, None, "old", "new"]),
            traits=rng.choice(TRAITS),
        )

    async def _observe(self, events: list[Sighting]) -> None:
        for there, here in zip(
            await self._valkey.observe_many(events), await self._memory.observe_many(events), strict=True
        ):
            assert told(there) == told(here)
            self._seen.append((events[0], here))
            events = events[1:]

    async def _commit(self, one: Sighting) -> None:
        n = self._rng.randrange(64)
        links = ((one.touches[0].key, key(f"peer {n}"), n / 64),)
        settled = Settlement({"earn": n}, self._rng.choice([None, n * 1_000]), links)
        there = await self._valkey.commit(one, b"answer %d" % n, b"entry", settled)
        assert there == await self._memory.commit(one, b"answer %d" % n, b"entry", settled)

    async def _outcome(self, one: Sighting) -> None:
        outcome, effect = self._rng.choice(
            [
                ("completed", "burn"), ("cancelled", "unburn"), ("disputed", ""),
                ("completed", "settle adjust"), ("reversed", "unsettle earn"),
            ]
        )  # fmt: skip
        known = self._rng.choice([None, "completed", "disputed"])
        knows = {"known_passed": self._rng.random() < 0.5}
        there = await self._valkey.tell_outcome(one, outcome, known, b"entry", 7, effect, **knows)
        assert there == await self._memory.tell_outcome(one, outcome, known, b"entry", 7, effect, **knows)

    async def _pass(self, one: Sighting) -> None:
        known, effect = self._rng.choice([None, "completed"]), self._rng.choice(["burn", "settle earn", ""])
        there = await self._valkey.pass_step_up(one, known, b"entry", 7, effect, 1)
        assert there == await self._memory.pass_step_up(one, known, b"entry", 7, effect, 1)


@settings(walking, max_examples=40)
@given(st.integers(0, 2**32), st.sampled_from(SCALES_MS), st.sampled_from([5, 30, 120]))
def test_valkey_does_as_memory_does(hot_server, seed, scale_ms, steps):
    on_valkey(hot_server, lambda valkey: Walker(valkey, seed, scale_ms).walk(steps))


# ---------------------------------------------------------------- what really happened

_histories = st.tuples(st.integers(1, 180), st.sampled_from(SCALES_MS), st.randoms(use_true_random=False))


def happened(number: int, scale_ms: int, rng: Random) -> list[Sighting]:
    """So many events within 30 days, in the order of their instants."""
    ages = sorted(min(rng.randrange(number * scale_ms), 30 * DAY_MS) for _ in range(number))
    return [
        sighting(f"e-{n}", NOW_MS - age, points=rng.randrange(100), device="d-1")
        for n, age in reversed([*enumerate(ages)])
    ]


@walking
@given(_histories)
def test_a_series_does_not_care_in_which_order_it_learns_its_events(hot_server, history):
    """Instants, points and cells are equal, at accounts and at shared entities."""
    events = happened(*history)
    shuffled = events[:]
    history[2].shuffle(shuffled)

    async def learn(store, order):
        seen = (await store.observe_many(order))[-1]
        return {role: plain(entity)["series"] for role, entity in seen.entities.items()}

    in_order = on_valkey(hot_server, lambda valkey: learn(valkey, events))
    assert on_valkey(hot_server, lambda valkey: learn(valkey, shuffled)) == in_order
    assert asyncio.run(learn(MemoryHistory(), shuffled)) == in_order


@given(_histories, st.sampled_from(sorted(WINDOWS.values())), st.integers(0, 31 * DAY_MS))
def test_up_to_the_exact_instants_counts_are_exact_and_beyond_them_within_the_cells_cut(
    history, window_s, ago_ms
):
    """The error is never more than the events of the cells that an edge of the window cuts."""
    events = happened(*history)
    history[2].shuffle(events)
    window_ms, end_ms = window_s * 1_000, NOW_MS - ago_ms

    async def learn():
        memory = MemoryHistory()
        return (await memory.observe_many(events))[-1]

    seen = asyncio.run(learn())
    inside = [event for event in events if end_ms - window_ms < event.at_ms <= end_ms]
    for role, keep in (("account", EXACT_INSTANTS), ("device", EXACT_INSTANTS_SHARED)):
        series: Series = seen.entities[role].series["redeem"]
        count, points = series.within(end_ms, window_ms)
        cut = [
            cell
            for cell in series.cells
            if any(
                cell.start_ms <= edge < cell.start_ms + cell.width_ms - 1
                for edge in (end_ms, end_ms - window_ms)
            )
        ]
        assert abs(count - len(inside)) <= sum(cell.events for cell in cut)
        if role == "account":
            true_points = sum(event.touches[0].points or 0 for event in inside)
            assert abs(points - true_points) <= sum(cell.points for cell in cut)
        newest = sorted(event.at_ms for event in events)[-keep:]
        assert list(series.instants_ms) == newest
        if len(events) <= keep or end_ms - window_ms >= newest[0]:
            assert count == len(inside)
