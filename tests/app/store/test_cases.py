"""Cases moved by people, in both databases: one holds a case, a stale form is refused, and what is counted is exact."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import delete, select

from app.cases.ports import ALL, LIVE, Case, Filter, Refusal, Wish
from app.seal import Seal
from app.store.sql.audit import Whole
from app.store.sql.case_tables import case_notes
from app.store.sql.cursor import BadCursor
from app.store.sql.tables import account_keys
from app.store.sql.webhooks import SqlEndpoints, SqlProjection
from tests.app.store.cased import ANN, BEN, CEM, EVERYWHERE, HOUR_MS, KEY, NOW_MS, House
from tests.app.store.hooked import drained, told, webhook
from tokens.who import Who

CLOSE = Wish(
    move="close", resolution="fraud", reason="He is on the tape.", evidence=("timeline",), spent_ms=40_000
)


@pytest.fixture
def house(engine, decided):
    return House(engine, decided)


def move(house, case, who=ANN, now_ms=NOW_MS, version=None, **wish):
    wanted = Wish(**wish)
    return house.cases.move(EVERYWHERE, case.case_id, who, wanted, version or case.version, now_ms)


def test_a_case_from_the_queue_to_its_end(house):
    house.open_one("m-1", points=100)
    dear = house.open_one("m-2", points=9_000)
    taken = house.cases.claim_next(EVERYWHERE, Filter(states=("open",)), ANN, NOW_MS)
    assert (taken.case_id, taken.assignee, taken.lease_ms) == (
        dear.case_id,
        "user:ann",
        NOW_MS + HOUR_MS // 4,
    )
    done = house.cases.move(EVERYWHERE, taken.case_id, ANN, CLOSE, taken.version, NOW_MS + 1)
    assert (done.state, done.resolution, done.overridden, done.spent_ms) == ("closed", "fraud", False, 40_000)
    last = house.file(dear.case_id).moves[-1]
    assert (last.move, last.by, last.reason, last.detail["evidence"]) == (
        "close", "user:ann", "He is on the tape.", ["timeline"],
    )  # fmt: skip
    assert house.audited()[-2:] == [("case.claim", dear.case_id), ("case.closed", dear.case_id)]
    assert house.cases.open_case("default", "m-2") is None
    assert isinstance(house.audit.verify(house.engine), Whole)


def test_of_32_who_claim_one_case_one_has_it(house):
    case = house.open_one()
    barrier = Barrier(32)

    def claim(n):
        barrier.wait(20)
        return house.cases.claim(EVERYWHERE, case.case_id, Who(f"user:{n}"), NOW_MS)

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(claim, range(32)))
    (won,) = [one for one in answers if isinstance(one, Case)]
    assert {one.why for one in answers if isinstance(one, Refusal)} == {"taken"}
    assert house.case(case.case_id).assignee == won.assignee


def test_of_many_who_take_the_next_each_has_another(house):
    for n in range(6):
        house.open_one(f"m-{n}")
    barrier = Barrier(8)

    def take(n):
        barrier.wait(20)
        taken = house.cases.claim_next(
            EVERYWHERE, Filter(states=("open", "in_progress")), Who(f"user:{n}"), NOW_MS
        )
        return taken and taken.case_id

    with ThreadPoolExecutor(8) as pool:
        got = [case_id for case_id in pool.map(take, range(8)) if case_id]
    assert len(set(got)) == len(got)
    assert len(got) >= 5  # PostgreSQL passes over rows another is looking at


def test_a_lease_that_ended_is_free_and_renewing_keeps_it(house):
    case = house.open_one()
    lease_ms = house.cases.claim(EVERYWHERE, case.case_id, ANN, NOW_MS).lease_ms
    assert house.cases.claim(EVERYWHERE, case.case_id, BEN, lease_ms - 1).why == "taken"
    assert house.cases.renew(EVERYWHERE, case.case_id, BEN, NOW_MS).why == "not_yours"
    renewed = house.cases.renew(EVERYWHERE, case.case_id, ANN, NOW_MS + 60_000).lease_ms
    assert renewed == lease_ms + 60_000
    assert house.sweep.leases(renewed - 1, 9) == 0
    assert house.cases.claim(EVERYWHERE, case.case_id, BEN, renewed).assignee == "user:ben"
    assert house.sweep.leases(renewed + HOUR_MS, 9) == 1
    freed = house.case(case.case_id)
    assert (freed.state, freed.assignee, freed.lease_ms) == ("open", None, None)


def test_a_stale_form_is_told_what_changed(house):
    case = house.open_one()
    move(house, case, move="claim")
    refused = move(house, case, BEN, move="escalate")
    assert (refused.why, refused.case.version) == ("stale", 2)
    assert [(one.move, one.by) for one in refused.since] == [("claim", "user:ann")]
    assert house.case(case.case_id).state == "in_progress"


def test_a_hold_is_made_longer_and_never_cut_short(house):
    """At its end much is let go with nobody asked: an earlier end would be a release by one person."""
    held = move(house, house.open_one(), move="hold", until_ms=NOW_MS + 2 * HOUR_MS)
    cut = move(house, held, move="hold", until_ms=NOW_MS + HOUR_MS)
    assert (cut.why, cut.field) == ("illegal", "until_ms")
    assert move(house, held, move="hold", until_ms=NOW_MS + 3 * HOUR_MS).hold_ms == NOW_MS + 3 * HOUR_MS


def test_a_second_person_approves_and_the_first_cannot(house):
    case = house.open_one(points=9_000, held_ms=NOW_MS + HOUR_MS)
    refused = move(house, case, move="close", resolution="legitimate", reason="A birthday.")
    assert refused.why == "needs_second"
    asked = move(house, case, move="propose", resolution="legitimate", reason="A birthday.")
    assert (asked.state, asked.proposal, asked.proposed_by) == ("approval", "release", "user:ann")
    assert move(house, asked, move="approve", reason="Me too.").why == "same_person"
    key = move(house, asked, Who("key:till"), move="approve", reason="A program.")
    assert (key.why, key.message) == ("needs_second", "A second pair of eyes is a person, in the console.")
    done = move(house, asked, BEN, move="approve", reason="I called her.")
    assert (done.state, done.resolution, done.closed_by, done.overridden) == (
        "closed", "legitimate", "user:ben", True,
    )  # fmt: skip


def test_the_last_move_can_be_undone_by_who_made_it(house):
    case = house.open_one(held_ms=NOW_MS + HOUR_MS)
    closed = house.cases.move(EVERYWHERE, case.case_id, ANN, CLOSE, case.version, NOW_MS)
    assert house.cases.undo(EVERYWHERE, case.case_id, BEN, closed.version, NOW_MS).why == "not_undoable"
    back = house.cases.undo(EVERYWHERE, case.case_id, ANN, closed.version, NOW_MS)
    assert (back.state, back.resolution, back.closed_ms, back.hold_ms) == ("open", None, None, case.hold_ms)
    assert house.seats() == {"m-1": case.case_id}
    assert house.cases.undo(EVERYWHERE, case.case_id, ANN, back.version, NOW_MS).why == "not_undoable"


def test_what_was_closed_stays_so_where_its_account_is_in_another(house):
    case = house.open_one()
    closed = house.cases.move(EVERYWHERE, case.case_id, ANN, CLOSE, case.version, NOW_MS)
    other = house.open_one()
    assert house.cases.undo(EVERYWHERE, case.case_id, ANN, closed.version, NOW_MS).why == "open_elsewhere"
    assert move(house, closed, move="reopen", reason="Again.").why == "open_elsewhere"
    assert house.seats() == {"m-1": other.case_id}


def test_a_waiting_case_comes_back(house):
    case = house.open_one()
    waiting = move(house, case, move="wait", waiting_for="member", until_ms=NOW_MS + HOUR_MS)
    assert (waiting.state, waiting.wake_ms) == ("waiting", NOW_MS + HOUR_MS)
    assert house.sweep.wakes(NOW_MS + HOUR_MS - 1, 9) == 0
    assert house.sweep.wakes(NOW_MS + HOUR_MS, 9) == 1
    assert (house.case(case.case_id).state, house.case(case.case_id).wake_ms) == ("open", None)


def test_a_hold_that_ends_lets_go_of_little_and_escalates_much(house):
    released = []
    house.sweep._released = (lambda _, case, now_ms: released.append((case.case_id, now_ms)),)
    little = house.open_one("m-1", points=999, held_ms=NOW_MS + HOUR_MS)
    much = house.open_one("m-2", points=1_000, held_ms=NOW_MS + HOUR_MS)
    assert house.sweep.holds(NOW_MS + HOUR_MS - 1, 9) == 0
    assert house.sweep.holds(NOW_MS + HOUR_MS, 9) == 2
    assert house.sweep.holds(NOW_MS + HOUR_MS, 9) == 0
    assert (house.case(little.case_id).resolution, house.case(much.case_id).state) == (
        "inconclusive",
        "escalated",
    )
    assert released == [(little.case_id, NOW_MS + HOUR_MS)]
    assert ("case.closed", little.case_id) in house.audited()


def test_rings_are_split_and_merged_by_hand(house):
    house.record_all(house.decide("m-1"), house.decide("m-2", links=[("m-1", 0.9)], store_id="s-1"))
    house.drain()
    (ring_id,) = set(house.seats().values())
    ring = house.case(ring_id)
    alone = move(house, ring, move="split", account_ids=("m-2",))
    assert (alone.kind, alone.account_id, alone.decisions, alone.version) == ("account", "m-2", 1, 1)
    left = house.file(ring_id)
    assert (left.case.kind, left.case.accounts, left.case.decisions, len(left.decisions)) == (
        "account",
        1,
        1,
        1,
    )
    again = move(house, alone, move="merge", into=ring_id)
    assert (again.case_id, again.kind, again.accounts, again.decisions) == (ring_id, "ring", 2, 2)
    assert set(house.seats().values()) == {ring_id}
    assert house.case(alone.case_id).merged_into == ring_id
    assert move(house, again, move="split", account_ids=("m-9",)).field == "account_ids"


def test_a_note_is_sealed_and_goes_with_the_members_key(house):
    case = house.open_one()
    house.cases.note(EVERYWHERE, case.case_id, ANN, "CANARY of Ulm", NOW_MS)
    move(house, case, move="escalate", reason="CANARY too")
    assert [note.text for note in house.file(case.case_id).notes] == ["CANARY of Ulm"]
    with house.engine.begin() as connection:
        assert b"CANARY" not in connection.execute(select(case_notes.c.sealed)).scalar_one()
        connection.execute(delete(account_keys))
    file = house.file(case.case_id)
    assert (file.notes[0].text, file.moves[-1].reason) == (None, None)
    assert house.cases.note(EVERYWHERE, case.case_id, ANN, "x" * 10_001, NOW_MS).field == "text"


@pytest.fixture
def many(house):
    """Forty cases of many kinds."""
    for n in range(40):
        codes = [("BURN_SHARE_HIGH",), ("DUPLICATE_PERSON",), ("ANOMALY_UNUSUAL",)][n % 3]
        decision = house.decide(
            f"m-{n}", codes=codes, points=100 * (n % 7), risk_score=50.0 + n, store_id=f"s-{n % 4}"
        )
        house.record_all(decision)
        house.drain(NOW_MS + n % 5)
    for n, row in enumerate(house.all()):
        if n % 4 == 0:
            house.cases.move(EVERYWHERE, row.case_id, ANN, CLOSE, 1, NOW_MS + 9)
        elif n % 4 == 1:
            house.cases.claim(EVERYWHERE, row.case_id, BEN, NOW_MS + 9)
    return house.all()


CHOICES = [
    ALL, Filter(states=LIVE), Filter(states=("closed",)), Filter(states=("open", "in_progress"), priorities=(2,)),
    Filter(typologies=("ato_drain", "signup_farm")), Filter(value_from_minor=200, value_to_minor=500),
    Filter(store_id="s-1"), Filter(mine="user:ben"), Filter(free_at_ms=NOW_MS), Filter(account_id="m-3"),
    Filter(opened_from_ms=NOW_MS + 2, opened_to_ms=NOW_MS + 4), Filter(due_before_ms=NOW_MS + 30 * HOUR_MS),
]  # fmt: skip


def by_hand(rows, chosen):
    """The same filter, row by row."""
    stores = {row.case_id: f"s-{int(row.account_id[2:]) % 4}" for row in rows}
    lists = [("state", "states"), ("priority", "priorities"), ("typology", "typologies")]
    found = [
        row
        for row in rows
        if all(getattr(row, a) in (getattr(chosen, b) or {getattr(row, a)}) for a, b in lists)
    ]
    bounds = [
        ("value_minor", chosen.value_from_minor, chosen.value_to_minor),
        ("opened_ms", chosen.opened_from_ms, chosen.opened_to_ms), ("due_ms", None, chosen.due_before_ms),
    ]  # fmt: skip
    for name, low, high in bounds:
        found = [
            r
            for r in found
            if (low is None or getattr(r, name) >= low) and (high is None or getattr(r, name) < high)
        ]
    if chosen.store_id:
        found = [row for row in found if stores[row.case_id] == chosen.store_id]
    if chosen.mine:
        found = [row for row in found if row.assignee == chosen.mine]
    if chosen.free_at_ms:
        found = [row for row in found if row.assignee is None]
    return [row for row in found if chosen.account_id in {None, row.account_id}]


def test_counts_and_pages_are_what_counting_by_hand_says(house, many):
    for chosen in CHOICES:
        wanted = by_hand(many, chosen)
        counts = house.cases.counts(EVERYWHERE, chosen)
        assert counts.total == len(wanted)
        assert counts.states == Counter(row.state for row in wanted)
        assert counts.priorities == Counter(row.priority for row in wanted)
        assert counts.typologies == Counter(row.typology for row in wanted)
        for order, key in (
            ("rank", "rank"),
            ("value", "value_minor"),
            ("opened", "opened_ms"),
            ("due", "due_ms"),
        ):
            sign = -1 if order == "due" else 1
            ordered = sorted(wanted, key=lambda r: (sign * getattr(r, key), sign * r.seq), reverse=True)
            assert paged(house, chosen, order) == [row.case_id for row in ordered], (chosen, order)


def paged(house, chosen, order):
    got, cursor = [], None
    while True:
        page = house.cases.page(EVERYWHERE, chosen, order, limit=7, cursor=cursor)
        got += [case.case_id for case in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return got


def test_a_cursor_of_another_order_is_refused(house, many):
    cursor = house.cases.page(EVERYWHERE, ALL, "rank", limit=2, cursor=None).next_cursor
    with pytest.raises(BadCursor):
        house.cases.page(EVERYWHERE, ALL, "due", limit=2, cursor=cursor)


def test_a_backend_is_told_of_cases(house):
    """Opened, closed, opened again: each is a message with the case and the member."""
    SqlEndpoints(house.engine, Seal(KEY)).add(webhook(events=("case.opened", "case.closed")), 9)
    case = house.open_one()
    closed = house.cases.move(EVERYWHERE, case.case_id, CEM, CLOSE, case.version, NOW_MS)
    move(house, closed, move="reopen", reason="New evidence.")
    drained(SqlProjection(house.engine))
    messages = told(house.engine)
    assert [one["type"] for one in messages] == ["case.opened", "case.closed", "case.opened"]
    assert {tuple(one["data"].values()) for one in messages} == {(case.case_id, "m-1")}
