"""Keys of tokens: made once by whoever asks first, known before they sign, and kept as long as they are needed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.seal import Seal, SealBroken
from app.store.sql.audit import Audit
from app.store.sql.token_tables import token_keys
from app.store.sql.tokens import SqlKeyStore
from app.store.sql.tokens.keys import _vault_key
from tests.app.store.ledger_samples import DAY_MS, KEY, NOW_MS, WHO, events, open_ledger
from tokens.limits import LONGEST_LIFE_S, SIGNING_KEY_LIFE_S, SIGNING_KEY_WAITS_S, SIGNING_KEYS_MOST

LONGEST_MS = LONGEST_LIFE_S * 1_000
WAITS_MS = SIGNING_KEY_WAITS_S * 1_000
HOUR_MS = 3_600_000
LIFE_MS = SIGNING_KEY_LIFE_S * 1_000


@pytest.fixture
def store(engine):
    return SqlKeyStore(engine, Seal(KEY), Audit(KEY))


def signing(store, now_ms):
    """The key a token is signed with, and whether it verifies until the longest token's end."""
    active = [key for key in store.keys("sign") if key.active_ms <= now_ms < key.until_ms]
    return active[-1] if active else None


def test_the_first_keys_are_good_at_once(store):
    store.ensure(NOW_MS)
    (key,) = store.keys("sign")
    assert (key.made_ms, key.active_ms, len(key.key_id), len(key.secret)) == (NOW_MS, NOW_MS, 8, 32)
    today, tomorrow = store.keys("vault")
    assert today.key_id == datetime.fromtimestamp(NOW_MS / 1_000, UTC).date().isoformat()
    assert today.active_ms <= NOW_MS < tomorrow.active_ms == today.active_ms + DAY_MS
    assert today.until_ms == today.active_ms + 15 * DAY_MS
    assert len({key.secret, today.secret, tomorrow.secret}) == 3


def test_asking_again_makes_nothing(store, engine):
    store.ensure(NOW_MS)
    before = (store.keys("sign"), store.keys("vault"))
    store.ensure(NOW_MS + 1)
    assert (store.keys("sign"), store.keys("vault")) == before
    assert [event for event, _ in events(engine)] == ["key.made"] * 3


def test_of_many_that_ask_at_once_one_makes_the_keys(store):
    start = Barrier(8)

    def ask(_):
        start.wait()
        store.ensure(NOW_MS)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert (len(store.keys("sign")), len(store.keys("vault"))) == (1, 2)


def test_asked_all_the_time_there_is_always_a_key_that_outlives_its_tokens(store, engine):
    """Over half a year, asked daily and oftener when a new key is due: known to all before it signs, never too many."""
    ledger = open_ledger(engine)
    known, now_ms = {}, NOW_MS
    while now_ms < NOW_MS + 180 * DAY_MS:
        for at_ms in (now_ms, now_ms + WAITS_MS // 2):
            store.ensure(at_ms)
            ledger.sweep(at_ms, 100)
            kept = store.keys("sign")
            assert len(kept) <= SIGNING_KEYS_MOST
            for key in kept:
                known.setdefault(key.key_id, at_ms)
            key = signing(store, at_ms)
            assert key.until_ms >= at_ms + LONGEST_MS
            assert at_ms == NOW_MS or at_ms - known[key.key_id] >= WAITS_MS or len(known) == 1
            assert [k.active_ms for k in kept] == sorted(k.active_ms for k in kept)
        soon_due_ms = kept[-1].active_ms + LIFE_MS - HOUR_MS
        now_ms = max(now_ms + HOUR_MS // 3, min(now_ms + DAY_MS, soon_due_ms))
    assert 6 <= len(known) <= 7
    assert len(store.keys("vault")) <= 17


def test_after_a_pause_too_long_for_the_old_key_the_new_one_signs_at_once(store):
    store.ensure(NOW_MS)
    late_ms = NOW_MS + LIFE_MS + 10 * DAY_MS
    store.ensure(late_ms)
    assert signing(store, late_ms).active_ms == late_ms


def test_a_key_removed_is_gone_and_another_is_made(store, engine):
    store.ensure(NOW_MS)
    (key,) = store.keys("sign")
    assert not store.remove("00000000", WHO, NOW_MS)
    assert not store.remove(store.keys("vault")[0].key_id, WHO, NOW_MS)
    assert store.remove(key.key_id, WHO, NOW_MS + 1)
    assert store.keys("sign") == []
    store.ensure(NOW_MS + 1)
    (fresh,) = store.keys("sign")
    assert fresh.active_ms == NOW_MS + 1
    assert fresh.key_id != key.key_id
    assert ("key.removed", key.key_id) in events(engine)


def test_removing_the_key_that_signs_leaves_none_waiting_in_vain(store):
    store.ensure(NOW_MS)
    (old,) = store.keys("sign")
    soon_ms = NOW_MS + LIFE_MS - WAITS_MS
    store.ensure(soon_ms)
    assert [key.active_ms for key in store.keys("sign")] == [NOW_MS, NOW_MS + LIFE_MS]
    store.remove(old.key_id, WHO, soon_ms)
    store.ensure(soon_ms)
    assert signing(store, soon_ms).active_ms == soon_ms


def test_keys_lie_wrapped_and_bound_to_their_place(store, engine):
    store.ensure(NOW_MS)
    secrets = [key.secret for key in (*store.keys("sign"), *store.keys("vault"))]
    with engine.begin() as connection:
        wrapped = [row.wrapped_key for row in connection.execute(token_keys.select())]
        assert not any(secret in held for secret in secrets for held in wrapped)
        connection.execute(token_keys.update().values(wrapped_key=wrapped[0]))
    with pytest.raises(SealBroken):
        store.keys("vault")


@given(st.integers(0, 4_000_000_000_000))
def test_a_days_key_outlives_the_longest_token_of_its_day(now_ms):
    key = _vault_key(now_ms // DAY_MS * DAY_MS, now_ms)
    assert key.active_ms <= now_ms
    assert key.until_ms >= now_ms + LONGEST_MS
