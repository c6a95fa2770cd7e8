"""Decisions become cases in both databases: one an account or ring, each decision once, wherever the worker stops."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import event, select

from app.cases.flags import OTHER
from app.cases.ports import ALL, Wish
from app.store.sql.audit import Whole
from app.store.sql.case_tables import case_cursors
from app.store.sql.cases import SqlCasing
from app.store.sql.cases.joining import LINKED_KEPT
from app.store.sql.cases.opener import Opening
from app.store.sql.reach import in_one
from tests.app.store.cased import ANN, EVERYWHERE, HOUR_MS, NOW_MS, House


@pytest.fixture
def house(engine, decided):
    return House(engine, decided)


def test_review_and_block_open_a_case_and_others_do_not(house):
    house.record_all(
        house.decide("m-1", "review"), house.decide("m-2", "block"), house.decide("m-3", "challenge"),
        house.decide("m-4", "allow"),
    )  # fmt: skip
    house.drain()
    assert set(house.seats()) == {"m-1", "m-2"}
    case = house.case(house.seats()["m-1"])
    assert (case.kind, case.state, case.account_id, case.typology, case.points) == (
        "account",
        "open",
        "m-1",
        "ato_drain",
        500,
    )
    assert [event for event, _ in house.audited()] == ["case.opened"] * 2


def test_the_policy_chooses_by_event_type(engine, decided):
    house = House(engine, decided, opens={"redeem": "challenge", "earn": "never"})
    house.record_all(
        house.decide("m-1", "challenge"),
        house.decide("m-2", "block", type="earn"),
        house.decide("m-3", "review"),
    )
    house.drain()
    assert set(house.seats()) == {"m-1", "m-3"}


@pytest.mark.parametrize(
    "more",
    [
        {"source": "fallback"},
        {"source": "list", "decision": "block", "codes": ("LIST_BLOCK",)},
        {"codes": ("ACCOUNT_LOCKED",), "decision": "block"},
        {"received_ms": NOW_MS + 400 * HOUR_MS, "origin": "event"},
    ],
    ids=["fallback", "block list", "lock", "history"],
)
def test_what_nobody_need_look_at_opens_none(house, more):
    house.record_all(house.decide(**more))
    house.drain()
    assert house.all() == []


def test_a_flood_on_one_account_is_one_case_with_an_exact_count(house):
    flood = [house.decide("m-1", "block") for _ in range(1_000)]
    for start in range(0, 1_000, 200):
        house.record_all(*flood[start : start + 200])
        house.drain(limit=130)
    (case_id,) = set(house.seats().values())
    file = house.file(case_id)
    assert (file.case.decisions, file.case.blocked, file.case.points) == (1_000, 1_000, 500)
    assert len(file.decisions) == LINKED_KEPT + 1
    assert file.decisions[-1].decision_id == flood[0].decision_id
    assert file.decisions[0].decision_id == flood[-1].decision_id
    assert len(file.moves) == 1


def test_gains_add_up_and_attempts_on_a_balance_do_not(house):
    house.record_all(*(house.decide(type="earn", points=100) for _ in range(3)))
    house.record_all(*(house.decide(type="redeem", points=points) for points in (40, 70, 10)))
    house.record_all(house.decide(type="login", points=None, balance_before=60))
    house.drain()
    assert house.case(house.seats()["m-1"]).points == 370


def test_linked_accounts_are_one_ring_and_a_weak_link_is_none(house):
    house.open_one("m-1")
    house.record_all(house.decide("m-2", links=[("m-1", 0.93)]), house.decide("m-3", links=[("m-1", 0.79)]))
    house.drain()
    seats = house.seats()
    assert seats["m-1"] == seats["m-2"] != seats["m-3"]
    ring = house.case(seats["m-1"])
    assert (ring.kind, ring.accounts, ring.points, ring.version) == ("ring", 2, 1_000, 2)
    assert [move.move for move in house.file(seats["m-1"]).moves] == ["opened", "join"]


def test_two_cases_joined_by_a_link_become_the_older(house):
    older, younger = house.open_one("m-1"), house.open_one("m-2", now_ms=NOW_MS + 1)
    house.cases.note(EVERYWHERE, younger.case_id, ANN, "seen on camera", NOW_MS)
    house.record_all(house.decide("m-3", links=[("m-1", 0.9), ("m-2", 0.9)]))
    house.drain(NOW_MS + 2)
    assert set(house.seats().values()) == {older.case_id}
    assert set(house.seats()) == {"m-1", "m-2", "m-3"}
    ended = house.case(younger.case_id)
    assert (ended.state, ended.resolution, ended.merged_into) == ("closed", "merged", older.case_id)
    ring = house.file(older.case_id)
    assert (ring.case.accounts, ring.case.decisions, len(ring.decisions)) == (3, 3, 3)
    assert [note.text for note in ring.notes] == ["seen on camera"]
    assert house.audited()[-2:] == [("case.closed", younger.case_id), ("case.join", older.case_id)]


def test_linked_newcomers_of_one_batch_are_one_ring(house):
    house.record_all(house.decide("m-1"), house.decide("m-2", links=[("m-1", 0.99)]), house.decide("m-9"))
    house.drain()
    assert sorted(Counter(house.seats().values()).values()) == [1, 2]
    assert [event for event, _ in house.audited()] == ["case.opened"] * 2


def test_programmes_do_not_meet(house):
    house.record_all(house.decide("m-1"), house.decide("m-1", program_id="other"))
    house.drain()
    assert [row.program_id for row in house.all()] == ["default", "other"]
    assert house.cases.file(EVERYWHERE, house.all()[1].case_id) is None


@pytest.mark.parametrize("stop_at", range(18))
def test_a_stop_anywhere_neither_loses_nor_doubles(house, stop_at):
    """Every statement may be the last: the transaction is gone, the place with it, and the next start does it whole."""
    house.record_all(
        *(house.decide(f"m-{n % 3}", links=[("m-0", 0.9)] if n % 3 == 1 else ()) for n in range(9))
    )

    class Killed(BaseException):
        pass

    seen = []

    def killed(_connection, _cursor, statement, *_):
        seen.append(statement)
        if len(seen) > stop_at and not statement.startswith("BEGIN"):
            raise Killed

    event.listen(house.engine, "before_cursor_execute", killed)
    try:
        house.casing.step(NOW_MS, 500)
    except Killed:
        pass
    finally:
        event.remove(house.engine, "before_cursor_execute", killed)
    SqlCasing(house.engine, house.kept).step(NOW_MS, 500)
    SqlCasing(house.engine, house.kept).step(NOW_MS, 500)
    assert sum(row.decisions for row in house.all()) == 9
    assert sorted(Counter(house.seats().values()).values()) == [1, 2]
    assert isinstance(house.audit.verify(house.engine), Whole)


def test_two_workers_open_one_case(house):
    house.record_all(*(house.decide(f"m-{n % 5}") for n in range(60)))
    barrier = Barrier(2)

    def work(_):
        casing = SqlCasing(house.engine, house.kept)
        barrier.wait(10)
        while casing.step(NOW_MS, 7):
            pass

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    assert len(house.all()) == 5
    assert sum(row.decisions for row in house.all()) == 60


def test_a_step_takes_so_many_flagged_ones_and_says_what_is_left(house):
    flags = ["allow", "review", "allow", "review", "review", "allow"]
    house.record_all(*(house.decide(f"m-{n}", decision=one) for n, one in enumerate(flags)))
    assert [house.casing.step(NOW_MS, 2) for _ in range(3)] == [2, 0, 0]
    assert len(house.all()) == 3


def test_what_is_passed_over_costs_no_write(house):
    house.record_all(*(house.decide(decision="allow") for _ in range(5)))
    assert house.casing.step(NOW_MS, 500) == 0
    with house.engine.connect() as connection:
        assert connection.scalar(select(case_cursors.c.seq)) == 0


def test_after_a_close_the_next_flag_opens_another(house):
    first = house.open_one("m-1")
    done = Wish(move="close", resolution="fraud", reason="her own word")
    house.cases.move(EVERYWHERE, first.case_id, ANN, done, first.version, NOW_MS)
    second = house.open_one("m-1")
    assert second.case_id != first.case_id
    assert second.decisions == 1


def test_priority_follows_what_is_at_stake_and_never_sinks(house):
    small = house.open_one("m-1", points=500, held_ms=NOW_MS + HOUR_MS)
    assert (small.priority, small.touch_ms, small.due_ms) == (3, None, NOW_MS + 72 * HOUR_MS)
    house.record_all(house.decide("m-1", points=5_000, held_ms=NOW_MS + 2 * HOUR_MS))
    house.drain(NOW_MS + 60_000)
    case = house.case(small.case_id)
    assert (case.priority, case.value_minor, case.loss_minor) == (1, 5_000, 3_000)
    assert (case.touch_ms, case.due_ms) == (NOW_MS + 16 * 60_000, NOW_MS + 60_000 + 4 * HOUR_MS)
    assert case.hold_ms == NOW_MS + HOUR_MS
    assert case.rank > small.rank


def test_a_case_opens_with_its_cause_or_not_at_all(house):
    wanted = Opening("default", "m-1", "dispute", "ato_drain", points=900)

    def cause(connection):
        return house.opener.open_for(connection, wanted, ANN, NOW_MS)

    def failing(connection):
        cause(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_one(house.engine, failing)
    assert house.all() == []
    case_id = in_one(house.engine, cause)
    assert in_one(house.engine, cause) == case_id
    case = house.case(case_id)
    assert (case.cause, case.priority, case.points, case.decisions) == ("dispute", 1, 900, 0)


def test_of_racing_causes_one_opens(house):
    barrier = Barrier(8)

    def work(n):
        barrier.wait(10)
        wanted = Opening("default", "m-1", "token", "link_abuse", points=n)
        return in_one(house.engine, lambda connection: house.opener.open_for(connection, wanted, ANN, NOW_MS))

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(work, range(8)))) == 1
    assert len(house.all()) == 1
    assert house.case(house.all()[0].case_id).points == 7


def test_an_odd_answer_is_of_no_known_kind(house):
    house.record_all(house.decide(answer=b"{}"))
    house.drain()
    assert house.case(house.seats()["m-1"]).typology == OTHER


def test_places_are_kept_and_limit_who_sees(house):
    house.open_one("m-1", store_id="s-1", partner_id="p-1")
    (case_id,) = house.seats().values()
    file = house.file(case_id)
    assert (file.partners, file.stores) == (["p-1"], ["s-1"])
    scope = EVERYWHERE._replace(stores=frozenset({"s-1"}))
    assert house.cases.file(scope, case_id) is not None
    for limits in ({"stores": frozenset()}, {"stores": frozenset({"s-2"})}, {"partners": frozenset({"p-2"})}):
        narrow = EVERYWHERE._replace(**limits)
        assert house.cases.file(narrow, case_id) is None
        assert house.cases.counts(narrow, ALL).total == 0
