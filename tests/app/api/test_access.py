from __future__ import annotations

import threading
from hashlib import sha256

import pytest
from msgspec.structs import replace

from app.access import ABSENT_MAX, ABSENT_MS, FRESH_MS, RETRY_MS, STALE_MS, Gate, Principal, _keep, mint
from app.ports.record import RecordAway
from app.ports.rows import ApiKeyRow
from app.problems import FORBIDDEN, UNAUTHORIZED, UNAVAILABLE, Problem

NOW_MS = 1_795_262_400_000


class Keys:
    """Where keys are looked up, with a count of the look-ups and a switch to take it away."""

    def __init__(self, *rows: ApiKeyRow) -> None:
        self.rows = {row.key_id: row for row in rows}
        self.asked = 0
        self.away = False
        self.now_ms = NOW_MS
        self.gate = Gate(self.look_up, lambda: self.now_ms)

    def look_up(self, key_id: str) -> ApiKeyRow | None:
        assert threading.current_thread() is not threading.main_thread()
        self.asked += 1
        if self.away:
            raise RecordAway
        return self.rows.get(key_id)

    async def admit(self, token: str, *scopes: str) -> Principal | Problem:
        return await self.gate.admit(f"Bearer {token}", scopes or ("score",))


def minted(**options):
    return mint(**({"name": "till", "scopes": ["score"], "program_id": "p", "now_ms": NOW_MS} | options))


async def test_a_key_lets_its_holder_in_with_what_it_may_do():
    key = minted(scopes=["score", "read"], stores=["s-1"])
    assert await Keys(key.row).admit(key.token) == Principal(
        key.row.key_id, "till", frozenset({"score", "read"}), "p", frozenset({"s-1"})
    )


def test_only_the_hash_of_the_secret_is_kept_and_nothing_prints_it():
    key = minted()
    secret = key.token.split("_", 2)[2]
    assert key.row.secret_hash == sha256(secret.encode()).digest()
    assert secret not in repr(key)
    assert minted().token != key.token


@pytest.mark.parametrize("scopes", [[], ["sudo"], ["score", "everything"]])
def test_a_key_without_a_known_scope_is_not_minted(scopes):
    with pytest.raises(ValueError, match="scopes must be"):
        minted(scopes=scopes)


async def test_unknown_wrong_expired_and_revoked_keys_cannot_be_told_apart():
    """One and the same answer, so that nobody learns which key ids exist."""
    good, expired, revoked = minted(), minted(expires_ms=NOW_MS), minted()
    keys = Keys(good.row, expired.row, replace(revoked.row, revoked_ms=NOW_MS))
    wrong = good.token[:-1] + ("A" if good.token[-1] != "A" else "B")
    for token in (minted().token, wrong, expired.token, revoked.token, "", "ek_x_y", good.token + "x"):
        assert await keys.admit(token) is UNAUTHORIZED


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Basic abc", "Bearer  ", "Bearer ek_é_é", "x" * 9_000]
)
async def test_a_header_that_is_no_key_asks_nobody(header):
    keys = Keys()
    assert await keys.gate.admit(header, ("score",)) is UNAUTHORIZED
    assert keys.asked == 0


async def test_a_missing_scope_is_named():
    key = minted(scopes=["score"])
    refused = await Keys(key.row).admit(key.token, "read", "admin")
    assert isinstance(refused, Problem)
    assert (refused.status, "`read`" in refused.detail) == (403, True)


async def test_any_one_of_the_scopes_will_do():
    key = minted(scopes=["admin"])
    assert isinstance(await Keys(key.row).admit(key.token, "read", "admin"), Principal)


async def test_a_revocation_bites_within_ten_seconds():
    key = minted()
    keys = Keys(key.row)
    await keys.admit(key.token)
    del keys.rows[key.row.key_id]
    keys.now_ms += FRESH_MS - 1
    assert isinstance(await keys.admit(key.token), Principal)
    assert keys.asked == 1
    keys.now_ms += 1
    assert await keys.admit(key.token) is UNAUTHORIZED


async def test_a_key_expires_at_its_instant_whatever_is_cached():
    key = minted(expires_ms=NOW_MS + 5)
    keys = Keys(key.row)
    assert isinstance(await keys.admit(key.token), Principal)
    keys.now_ms += 5
    assert await keys.admit(key.token) is UNAUTHORIZED


async def test_an_unknown_key_costs_one_look_up_a_while_and_a_new_one_works_soon():
    key = minted()
    keys = Keys()
    for _ in range(50):
        assert await keys.admit(key.token) is UNAUTHORIZED
    assert keys.asked == 1
    keys.rows[key.row.key_id] = key.row
    keys.now_ms += ABSENT_MS
    assert isinstance(await keys.admit(key.token), Principal)


async def test_a_flood_of_invented_keys_neither_grows_memory_nor_forgets_the_good_one():
    key = minted()
    keys = Keys(key.row)
    await keys.admit(key.token)
    held = keys.gate._absent
    for number in range(ABSENT_MAX + 100):
        _keep(held, f"{number:016x}", keys.now_ms, ABSENT_MAX)
    await keys.admit(f"ek_{'f' * 16}_{'a' * 43}")
    assert len(held) == ABSENT_MAX
    asked = keys.asked
    assert isinstance(await keys.admit(key.token), Principal)
    assert keys.asked == asked


async def test_while_the_record_is_away_good_keys_work_for_a_minute_and_others_are_told_to_wait():
    """A database failover must not stop decisions, nor make a stranger's key look wrong for good."""
    key = minted()
    keys = Keys(key.row)
    await keys.admit(key.token)
    keys.away = True
    keys.now_ms += STALE_MS - 1
    assert isinstance(await keys.admit(key.token), Principal)
    assert await keys.admit(minted().token) is UNAVAILABLE
    keys.now_ms += 1
    assert await keys.admit(key.token) is UNAVAILABLE


async def test_while_the_record_is_away_a_known_key_asks_it_once_in_two_seconds():
    """Every call that asked would wait for the database's timeout; decisions would stop with it."""
    key = minted()
    keys = Keys(key.row)
    await keys.admit(key.token)
    keys.away = True
    keys.now_ms += FRESH_MS
    for _ in range(20):
        assert isinstance(await keys.admit(key.token), Principal)
    assert keys.asked == 2
    keys.now_ms += RETRY_MS
    await keys.admit(key.token)
    assert keys.asked == 3


def test_the_answers_tell_how_to_authenticate():
    assert UNAUTHORIZED.headers["WWW-Authenticate"].startswith("Bearer")
    assert FORBIDDEN.status == 403
