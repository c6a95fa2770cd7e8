"""The keys in memory: as the record has them, for a minute at most, and never guessed."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from app.ports.record import RecordAway
from app.redeeming import rings as numbers
from app.redeeming.rings import TRUSTED_MS, Rings
from app.seal import Seal
from app.store.sql import open_engine
from app.store.sql.audit import Audit
from app.store.sql.tokens import SqlKeyStore
from tokens.errors import NoKey
from tokens.limits import SIGNING_KEY_WAITS_S, VAULT_KEY_KEPT_S
from tokens.who import Who

NOON_MS = 1_772_366_400_000
"""2026-03-01 12:00 UTC."""
DAY_MS = 86_400_000
OPERATOR = Who("operator")


class Watch:
    """A clock to set."""

    now_ms = NOON_MS

    def __call__(self):
        return self.now_ms


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def store(database_url):
    engine = open_engine(database_url)
    yield SqlKeyStore(engine, Seal(bytes(range(32))), Audit(bytes(range(32))))
    engine.dispose()


@pytest.fixture
async def rings(store, watch):
    fresh = Rings(store, watch)
    await fresh.refresh()
    return fresh


class Away:
    """A key store that cannot be reached."""

    def ensure(self, _now_ms):
        raise RecordAway("the record is away")

    def keys(self, _use):
        raise RecordAway("the record is away")


def all_of(rings, watch):
    """Every question it can be asked."""
    day = "2026-03-01"
    return (rings.sign_ring, lambda: rings.vault_key(day), lambda: rings.today(watch.now_ms))


async def test_the_first_refresh_of_all_makes_what_is_needed_to_sign_and_to_seal(rings, watch):
    assert rings.sign_ring().signing(watch.now_ms).use == "sign"
    today = rings.today(watch.now_ms)
    assert today.key_id == "2026-03-01"
    assert rings.vault_key(today.key_id) == today.secret
    assert len(today.secret) == 32


async def test_before_the_first_reading_nothing_is_signed_or_opened(store, watch):
    for question in all_of(Rings(store, watch), watch):
        with pytest.raises(RecordAway):
            question()


async def test_while_the_record_is_away_the_last_reading_counts_for_a_minute_and_no_longer(rings, watch):
    rings._store = Away()
    with pytest.raises(RecordAway):
        await rings.refresh()
    watch.now_ms += TRUSTED_MS
    for question in all_of(rings, watch):
        assert question()
    watch.now_ms += 1
    for question in all_of(rings, watch):
        with pytest.raises(RecordAway):
            question()


async def test_it_comes_back_with_the_record(rings, store, watch):
    watch.now_ms += 10 * TRUSTED_MS
    with pytest.raises(RecordAway):
        rings.sign_ring()
    await rings.refresh()
    assert rings.sign_ring().signing(watch.now_ms)


async def test_a_removed_key_is_gone_from_every_process_with_its_next_reading(rings, store, watch):
    """Two processes; one operator."""
    other = Rings(store, watch)
    await other.refresh()
    removed = rings.sign_ring().signing(watch.now_ms).key_id
    assert store.remove(removed, OPERATOR, watch.now_ms)
    for process in (rings, other):
        await process.refresh()
        assert process.sign_ring().by_id(removed) is None
        assert process.sign_ring().signing(watch.now_ms).key_id != removed


def test_a_removal_is_effective_within_the_promised_minute():
    """At the next reading while the record answers, and when the last one counts no longer while it does not."""
    assert numbers.FRESH_EVERY_S * 1_000 < TRUSTED_MS <= 60_000
    assert numbers.RETRY_S <= numbers.FRESH_EVERY_S


async def test_a_rotated_key_is_known_everywhere_before_it_signs(rings, store, watch):
    before = rings.sign_ring().signing(watch.now_ms)
    made = store.rotate(OPERATOR, watch.now_ms)
    assert made.active_ms - watch.now_ms == SIGNING_KEY_WAITS_S * 1_000 > numbers.FRESH_EVERY_S * 1_000
    await rings.refresh()
    ring = rings.sign_ring()
    assert ring.signing(watch.now_ms) == before
    assert [key.key_id for key in ring.verifying(watch.now_ms)] == [made.key_id, before.key_id]
    assert ring.signing(made.active_ms) == made


async def test_every_day_has_its_server_key_and_loses_it_after_fifteen(rings, watch):
    seen = []
    for _ in range(3):
        await rings.refresh()
        seen.append(rings.today(watch.now_ms))
        watch.now_ms += DAY_MS
    assert all(later.active_ms - earlier.active_ms == DAY_MS for earlier, later in pairwise(seen))
    assert len({key.secret for key in seen}) == 3
    first = seen[0]
    assert first.until_ms == first.active_ms + VAULT_KEY_KEPT_S * 1_000
    watch.now_ms = first.until_ms - 1
    await rings.refresh()
    assert rings.vault_key(first.key_id) == first.secret
    watch.now_ms += 1
    assert rings.vault_key(first.key_id) is None, "by the clock, even before its row is swept"


async def test_midnight_finds_the_next_key_made_but_two_midnights_without_a_reading_find_none(rings, watch):
    midnight_ms = watch.now_ms // DAY_MS * DAY_MS + DAY_MS
    assert rings.today(midnight_ms - 1).key_id == "2026-03-01"
    assert rings.today(midnight_ms).key_id == "2026-03-02"
    with pytest.raises(RecordAway):
        rings.today(midnight_ms + DAY_MS)


async def test_processes_that_start_at_once_make_one_key(store, watch):
    everyone = [Rings(store, watch) for _ in range(8)]
    await asyncio.gather(*(one.refresh() for one in everyone))
    assert len({one.sign_ring().signing(watch.now_ms).key_id for one in everyone}) == 1
    assert len({one.today(watch.now_ms).secret for one in everyone}) == 1


async def test_keeping_fresh_outlives_a_record_that_is_away_and_a_fault(rings, store, watch, monkeypatch):
    """Not a moment is waited for but that of the loop itself."""
    monkeypatch.setattr(numbers, "FRESH_EVERY_S", 0)
    monkeypatch.setattr(numbers, "RETRY_S", 0)
    read, troubles = asyncio.Event(), [RecordAway("away"), ValueError("a fault")]

    class Troubled:
        """Away once, broken once, then well."""

        def ensure(self, now_ms):
            if troubles:
                raise troubles.pop(0)
            store.ensure(now_ms)

        def keys(self, use):
            loop.call_soon_threadsafe(read.set)
            return store.keys(use)

    loop = asyncio.get_running_loop()
    rings._store = Troubled()
    keeping = asyncio.create_task(rings.keep_fresh())
    await asyncio.wait_for(read.wait(), 10)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert not troubles


async def test_a_ring_without_an_active_key_says_so_instead_of_signing(rings, watch):
    with pytest.raises(NoKey):
        rings.sign_ring().signing(watch.now_ms - DAY_MS)


async def test_it_never_shows_a_key(rings, watch):
    secret = rings.today(watch.now_ms).secret
    shown = repr(rings) + str(rings) + repr(rings.sign_ring())
    assert repr(secret) not in shown
    assert secret.hex() not in shown
