"""Tokens of a locked account: refused, nothing used up, and told to whoever did not do it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import msgspec
import pytest

from app.locking.links import Links
from app.locking.notifying import Notifier
from app.locking.switch import Wish
from app.problems import Problem
from app.redeeming.counter import ACCOUNT_LOCKED
from app.redeeming.letters import RedeemedLetter
from app.redeeming.releasing import Claimant
from app.redeeming.terms import Terms
from app.seal import Seal
from app.store.sql import open_engine
from app.store.sql.account_keys import AccountKeys
from app.store.sql.locks import SqlLocks
from tests.app.redeeming.promise import BACKEND, PAYLOAD, Promise, client, order
from tokens.redemption import Refusal
from tokens.who import Who

LINKS = Links(Seal(b"l" * 32))


@pytest.fixture
async def promise(database_url):
    engine = open_engine(database_url)
    built = Promise(engine)
    await built.rings.refresh()
    yield built
    engine.dispose()


@pytest.fixture
def locks(promise) -> SqlLocks:
    return SqlLocks(promise.engine, AccountKeys(Seal(bytes(32))), promise.audit)


def wish(*, locked: bool = True) -> Wish:
    return Wish("default", "m-1", locked, "member", Who("member"))


async def test_a_backend_is_refused_and_nothing_is_used_up(promise, locks):
    """Not even a try at the code; unlocked, the same call redeems."""
    text, _ = await promise.issue(otp_method="sms", otp_to="+491701234567")
    await promise.desk.send_code(text, "m-1", BACKEND)
    code = promise.code()
    locks.change(wish(), promise.now_ms)
    assert await promise.redeem(text, code) == ACCOUNT_LOCKED
    assert await promise.redeem(text, "000000") == ACCOUNT_LOCKED
    assert await promise.desk.send_code(text, "m-1", BACKEND) == ACCOUNT_LOCKED
    locks.change(wish(locked=False), promise.now_ms)
    answer = await promise.redeem(text, code)
    assert msgspec.json.decode(answer.body)["reward"]["payload"] == PAYLOAD


async def test_a_browser_is_told_calmly_at_every_step(promise, locks):
    text, _ = await promise.issue()
    entered = await promise.visits.enter(text, client())
    locks.change(wish(), promise.now_ms)
    view = entered.view
    released = await promise.visits.release(entered.cookie, view.echo, client())
    assert released.step == "locked"
    assert (await promise.visits.enter(text, client())).view.step == "locked"
    assert (await promise.visits.look(entered.cookie, client())).step == "locked"
    locks.change(wish(locked=False), promise.now_ms)
    assert (await promise.visits.release(entered.cookie, view.echo, client())).step == "reward"


async def test_who_redeemed_before_the_lock_still_hears_the_answer_again(promise, locks):
    text, _ = await promise.issue()
    first = await promise.redeem(text)
    locks.change(wish(), promise.now_ms)
    again = await promise.redeem(text)
    assert (again.body, again.replayed) == (first.body, True)


async def test_a_lock_and_a_redemption_race_and_one_is_first(promise, locks):
    """Whoever is told "redeemed" was before the lock in the database; whoever comes after it is refused."""
    for turn in range(12):
        text, _ = await promise.issue()
        found = promise.finder.find(promise.finder.read(text))
        claimant = _claimant(turn)
        barrier = Barrier(2)

        def redeem(found=found, claimant=claimant, barrier=barrier):
            barrier.wait(10)
            return promise.releaser.release(found, None, claimant, None)

        def lock(barrier=barrier):
            barrier.wait(10)
            return locks.change(wish(), promise.now_ms)

        with ThreadPoolExecutor(2) as pool:
            redeemed, locked = pool.submit(redeem), pool.submit(lock)
            outcome = redeemed.result()
            assert locked.result().locked
        assert outcome == "account_locked" or not isinstance(outcome, str)
        after = promise.releaser.release(found, None, _claimant(1_000 + turn), None)
        assert (after == "account_locked") == (outcome == "account_locked")
        locks.change(wish(locked=False), promise.now_ms)
        refusal: Refusal = "account_locked"
        assert refusal != promise.releaser.release(found, None, claimant, None)


def _claimant(n: int):
    return Claimant(n.to_bytes(32), b"secret", Who("key:k1"))


# ---------------------------------------------------------------- the notice


def notified(promise) -> None:
    """The programme tells its members of redemptions."""
    notifier = Notifier(
        LINKS, promise.secrets.outbox, lambda _: promise.terms, "https://rewards.example", "rewards.example"
    )
    promise.releaser._notice = notifier.notice


async def mailed(promise) -> str:
    """A token whose link went by mail: its text."""
    await promise.desk.issue(order(channel="email", to="ada@example.com"), BACKEND, None, b"{}")
    (letter,) = promise.letters()
    return letter.link.rpartition("/")[2]


async def test_the_member_is_told_of_a_redemption_once_with_one_link(promise):
    notified(promise)
    text = await mailed(promise)
    answer = await promise.redeem(text)
    await promise.redeem(text)
    (letter,) = promise.letters()
    assert isinstance(letter, RedeemedLetter)
    assert (letter.to, letter.points, letter.at_ms) == ("ada@example.com", 500, promise.now_ms)
    link = LINKS.read("not_me", letter.link.rpartition("/")[2])
    assert link.redemption_id == msgspec.json.decode(answer.body)["redemption_id"]
    assert (link.program_id, link.account_id) == ("default", "m-1")


@pytest.mark.parametrize("how", ["switched off", "given back"])
async def test_nobody_is_told_where_the_programme_wants_none_or_the_link_did_not_go_by_mail(promise, how):
    notified(promise)
    if how == "switched off":
        promise.terms = Terms(notify=False)
        text = await mailed(promise)
    else:
        text, _ = await promise.issue()
    await promise.redeem(text)
    assert promise.letters() == []


async def test_what_was_refused_is_not_told_as_redeemed(promise, locks):
    notified(promise)
    text = await mailed(promise)
    locks.change(wish(), promise.now_ms)
    assert isinstance(await promise.redeem(text), Problem)
    assert promise.letters() == []
