"""What time does to tokens and keys, a step at a time, and chores that outlive what troubles them."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from app.ports.history import HotStoreAway
from app.ports.record import RecordAway
from app.worker import chores
from app.worker.chores import Chore, beside
from app.worker.tending_tokens import KEYS_EVERY_MS, SWEEP_EVERY_S, SWEEP_ROWS, Tending

NOW_MS = 1_772_366_400_000


class Book:
    """Ledger and key store of so many due rows, noting what it is asked."""

    def __init__(self, due=0, away=0):
        self.due, self.away, self.swept, self.ensured = due, away, [], []

    def sweep(self, now_ms, limit):
        if self.away:
            self.away -= 1
            raise RecordAway("the record is away")
        done = min(self.due, limit)
        self.due -= done
        self.swept.append((now_ms, done))
        return done

    def ensure(self, now_ms):
        self.ensured.append(now_ms)


async def test_each_step_sweeps_as_of_its_instant_and_looks_at_the_keys_once_a_minute():
    book, now_ms = Book(), NOW_MS
    tending = Tending(book, book, lambda: now_ms)
    for _ in range(121):
        await tending.step()
        now_ms += 1_000
    assert [at for at, _ in book.swept] == [NOW_MS + second * 1_000 for second in range(121)]
    assert book.ensured == [NOW_MS, NOW_MS + KEYS_EVERY_MS, NOW_MS + 2 * KEYS_EVERY_MS]


async def test_content_is_destroyed_within_a_second_of_its_end():
    assert SWEEP_EVERY_S <= 1


async def test_a_full_sweep_is_followed_at_once_until_nothing_is_due():
    """Ten thousand tokens that expire together are not kept for twenty seconds."""
    book = Book(due=10 * SWEEP_ROWS + 1)
    tending = Tending(book, book, lambda: NOW_MS)
    through = asyncio.Event()

    async def step():
        done = await tending.step()
        if done < SWEEP_ROWS:
            through.set()
        return done

    async with asyncio.timeout(10), beside([Chore("sweep", step, SWEEP_ROWS, 3_600)], asyncio.Event()):
        await through.wait()
    assert [done for _, done in book.swept] == [SWEEP_ROWS] * 10 + [1]


@pytest.mark.parametrize("trouble", [RecordAway("away"), HotStoreAway("away"), ValueError("a fault of ours")])
async def test_a_troubled_chore_goes_on_and_troubles_no_other(trouble, monkeypatch):
    monkeypatch.setattr(chores, "AWAY_S", 0.001)
    monkeypatch.setattr(chores, "FAULT_S", 0.001)
    counts, goes_on = {"stumbles": 0, "walks": 0}, {"stumbles": asyncio.Event(), "walks": asyncio.Event()}

    async def stepped(name):
        counts[name] += 1
        if counts[name] > 3:
            goes_on[name].set()
        elif name == "stumbles":
            raise trouble
        return 0

    everyone = [Chore(name, partial(stepped, name), 1, 0.001) for name in counts]
    async with asyncio.timeout(10), beside(everyone, asyncio.Event()):
        for event in goes_on.values():
            await event.wait()


async def test_what_is_under_way_is_finished_before_the_worker_ends():
    """A message handed to the relay is also told to the outbox."""
    begun, told, stopping = asyncio.Event(), [], asyncio.Event()

    async def send():
        begun.set()
        await stopping.wait()
        await asyncio.sleep(0)
        told.append("sent")
        return 1

    async with beside([Chore("deliver", send, 1, 1)], stopping):
        await begun.wait()
    assert told == ["sent"]


async def test_what_never_finishes_is_cut_off(monkeypatch):
    monkeypatch.setattr(chores, "FINISH_S", 0.01)
    begun, cut = asyncio.Event(), []

    async def hang():
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut.append(1)
            raise
        return 0

    async with asyncio.timeout(10):
        async with beside([Chore("hangs", hang, 1, 1)], asyncio.Event()):
            await begun.wait()
    assert cut == [1]


async def test_an_error_of_the_journal_ends_the_chores_too_and_is_told():
    stopping = asyncio.Event()

    async def walk():
        return 0

    with pytest.raises(ZeroDivisionError):
        async with beside([Chore("walks", walk, 1, 60)], stopping):
            raise ZeroDivisionError
    assert stopping.is_set()
