"""Locks in both databases: one row an account, every change kept and audited, and a token redeemed or a lock first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, delete, select

from app.locking.switch import Wish
from app.ports.locks import LockRow
from app.seal import Seal
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit, Whole
from app.store.sql.cases import CaseOpener
from app.store.sql.lock_tables import account_locks, lock_changes
from app.store.sql.locks import AGAIN_MS, REMIND_MS, SqlLocks
from app.store.sql.tables import account_keys
from app.store.sql.token_tables import audit
from tests.app.store.cased import House
from tests.app.store.ledger_samples import KEY
from tokens.who import Who

NOW_MS = 1_772_366_400_000
WHO = Who("key:k1", b"i" * 16)


@pytest.fixture
def locks(engine: Engine) -> SqlLocks:
    return SqlLocks(engine, AccountKeys(Seal(KEY)), Audit(KEY))


def wish(*, locked: bool = True, account_id: str = "m-1", **given) -> Wish:
    return Wish("p", account_id, locked, given.pop("by", "member"), WHO, **given)


def entries(engine: Engine) -> list[tuple[str, str, str, str]]:
    wanted = select(audit.c.event, audit.c.subject, audit.c.actor, audit.c.detail).order_by(audit.c.seq)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(wanted)]


def test_an_account_nobody_knows_can_be_locked_and_unlocked(locks):
    assert locks.lock("p", "m-1") is None
    row = locks.change(wish(), NOW_MS)
    assert row == LockRow("p", "m-1", 1, locked=True, changed_ms=NOW_MS, asked_by="member")
    assert locks.lock("p", "m-1") == row
    assert locks.lock("another programme", "m-1") is None
    opened = locks.change(wish(locked=False, by="backend"), NOW_MS + 5)
    assert (opened.version, opened.locked, opened.lock) == (2, False, None)


def test_asking_again_changes_nothing_and_notes_nothing(locks, engine):
    first = locks.change(wish(), NOW_MS)
    assert locks.change(wish(by="backend"), NOW_MS + 9) == first
    assert entries(engine) == [("account.locked", "m-1", "key:k1", "member")]
    locks.change(wish(account_id="m-2", locked=False), NOW_MS)
    assert locks.lock("p", "m-2") is None
    assert len(entries(engine)) == 1


def test_every_change_is_kept_and_audited_in_its_own_transaction(locks, engine):
    locks.change(wish(reason="telephone", note="Lost in Ulm"), NOW_MS)
    locks.change(wish(locked=False, by="analyst"), NOW_MS + 1)
    told = [(one.version, one.locked, one.by, one.reason, one.note) for one in locks.history("p", "m-1")]
    assert told == [
        (1, True, "member", "telephone", "Lost in Ulm"),
        (2, False, "analyst", None, None),
    ]
    assert [event for event, *_ in entries(engine)] == ["account.locked", "account.unlocked"]
    assert isinstance(Audit(KEY).verify(engine), Whole)


def test_what_was_said_is_sealed_and_goes_with_the_account_s_key(locks, engine):
    locks.change(wish(note="CANARY of Ulm"), NOW_MS)
    with engine.begin() as connection:
        assert b"CANARY" not in connection.execute(select(lock_changes.c.sealed)).scalar_one()
        connection.execute(delete(account_keys))
    (change,) = locks.history("p", "m-1")
    assert (change.locked, change.note) == (True, None)


def test_a_change_that_fails_leaves_nothing(engine):
    def broken(_event: str) -> None:
        raise ZeroDivisionError

    locks = SqlLocks(engine, AccountKeys(Seal(KEY)), Audit(KEY, broken))
    with pytest.raises(ZeroDivisionError):
        locks.change(wish(), NOW_MS)
    assert locks.lock("p", "m-1") is None
    assert locks.history("p", "m-1") == []


def test_of_racing_changes_each_is_counted_once(engine):
    """Eight lock and eight unlock at once: what is kept is an alternation, and the audit holds."""
    barrier = Barrier(8)
    each = [SqlLocks(engine, AccountKeys(Seal(KEY)), Audit(KEY)) for _ in range(8)]

    def work(n: int) -> None:
        barrier.wait(10)
        for turn in range(2):
            each[n].change(wish(locked=(n + turn) % 2 == 0), NOW_MS + n)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    changes = each[0].history("p", "m-1")
    assert [one.version for one in changes] == [*range(1, len(changes) + 1)]
    assert all(one.locked == (one.version % 2 == 1) for one in changes)
    assert isinstance(Audit(KEY).verify(engine), Whole)


def test_a_redemption_is_disputed_once(locks, engine):
    """Once: after the programme has unlocked the account, the same link locks nothing."""
    row = locks.dispute(wish(reason="not_me"), "rdm_1", NOW_MS)
    assert row.locked
    assert locks.dispute(wish(), "rdm_1", NOW_MS + 1) == row
    assert [entry[0] for entry in entries(engine)] == ["account.locked", "account.disputed"]
    assert entries(engine)[1] == ("account.disputed", "m-1", "key:k1", "rdm_1")
    locks.change(wish(locked=False, by="backend"), NOW_MS + 2)
    assert not locks.dispute(wish(), "rdm_1", NOW_MS + 3).locked
    assert locks.dispute(wish(), "rdm_2", NOW_MS + 4).locked


def test_a_second_dispute_of_a_locked_account_is_noted_too(locks, engine):
    locks.dispute(wish(), "rdm_1", NOW_MS)
    locks.dispute(wish(), "rdm_2", NOW_MS)
    assert [one[0] for one in entries(engine)] == ["account.locked", "account.disputed", "account.disputed"]
    assert len(locks.history("p", "m-1")) == 1


def test_the_hot_store_is_told_again_after_each_change_and_of_locks_for_ever(locks):
    row = locks.change(wish(), NOW_MS)
    assert locks.due(NOW_MS + AGAIN_MS - 1, 9) == []
    assert locks.due(NOW_MS + AGAIN_MS, 9) == [row]
    locks.told([row], NOW_MS + AGAIN_MS)
    assert locks.due(NOW_MS + AGAIN_MS + REMIND_MS - 1, 9) == []
    assert locks.due(NOW_MS + AGAIN_MS + REMIND_MS, 9) == [row]
    opened = locks.change(wish(locked=False), NOW_MS)
    locks.told([row], NOW_MS)  # a version that is no longer
    assert locks.due(NOW_MS + AGAIN_MS, 9) == [opened]
    locks.told([opened], NOW_MS)
    assert locks.due(NOW_MS + 2 * REMIND_MS, 9) == []


def test_all_locked_accounts_can_be_read_and_no_other(locks):
    for n in range(5):
        locks.change(wish(account_id=f"m-{n}"), NOW_MS)
    locks.change(wish(account_id="m-3", locked=False), NOW_MS)
    assert [row.account_id for row in locks.locked()] == ["m-0", "m-1", "m-2", "m-4"]


def test_a_member_who_only_redeemed_was_never_locked(locks, engine):
    """The row a redemption makes to hold is no lock."""
    with engine.begin() as connection:
        connection.execute(
            account_locks.insert(),
            {
                "program_id": "p",
                "account_id": "m-9",
                "version": 0,
                "locked": 0,
                "changed_ms": 1,
                "asked_by": "backend",
            },
        )
    assert locks.lock("p", "m-9") is None
    assert list(locks.locked()) == []


def test_a_dispute_opens_a_case_in_its_own_transaction(engine, decided):
    """The lock, the dispute and the case are there together, or none of them; a link opened again opens no other."""
    house = House(engine, decided)
    locks = SqlLocks(engine, AccountKeys(Seal(KEY)), Audit(KEY), house.opener)
    wanted = wish(account_id="m-1", reason="not_me")._replace(program_id="default")
    locks.dispute(wanted, "rdm_1", NOW_MS)
    locks.dispute(wanted, "rdm_1", NOW_MS + 1)
    (case,) = house.all()
    assert (case.account_id, case.cause, case.priority, case.version) == ("m-1", "dispute", 1, 1)
    assert house.audited() == [("case.opened", case.case_id)]
    assert [event for event, *_ in entries(engine)] == ["case.opened", "account.locked", "account.disputed"]
    assert isinstance(Audit(KEY).verify(engine), Whole)


def test_a_dispute_that_cannot_open_its_case_did_not_happen(engine, decided):
    def broken(event: str) -> None:
        if event == "case.opened":
            raise ZeroDivisionError

    house = House(engine, decided)
    opener = CaseOpener(house.kept._replace(audit=Audit(KEY, broken)))
    locks = SqlLocks(engine, AccountKeys(Seal(KEY)), Audit(KEY), opener)
    with pytest.raises(ZeroDivisionError):
        locks.dispute(wish(), "rdm_1", NOW_MS)
    assert (house.all(), locks.lock("p", "m-1")) == ([], None)
