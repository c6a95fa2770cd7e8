"""Who may act, once, on what they saw; two people where two are needed; all of an act or nothing."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from app.acting.ports import ACT_NAMES, Act, Done, Refused
from app.acting.terms import RIGHTS
from app.cases.ports import Scope, Wish
from app.console.may_move import turned_down
from app.feedback.ports import ByTwo
from app.locking.visiting import PROVABLE
from app.store.sql.act_tables import case_acts
from app.store.sql.acting import stepping
from app.store.sql.tables import list_entries
from app.users.rights import ROLES, may
from app.users.rights import Scope as Sees
from tests.app.acting.conftest import ANN, BEN, PROGRAM, SAM, SUE, person
from tests.app.store.cased import NOW_MS
from tokens.who import Who


async def test_every_act_needs_its_right_and_says_so(house):
    for role in ROLES:
        await _acts_as(house, role)


async def _acts_as(house, role):
    case_id, who = house.open_case(f"{role}-1", f"{role}-2", held=(f"{role}-1",)), person("eve", role)
    for name in ACT_NAMES:
        done = await house.tried(who, case_id, name)
        if not may(role, RIGHTS[name]):
            assert (done.why, done.field) == ("forbidden", "name")
        else:
            assert isinstance(done, Done) or done.why != "forbidden"
        if isinstance(done, Done):
            case_id = house.open_case(f"{role}-{name}")
    offered = {
        one.name: one for one in await house.desk.offered(who, house.cases.file(Scope(PROGRAM), case_id))
    }
    assert offered.keys() == set(ACT_NAMES)
    assert not any(one.possible for name, one in offered.items() if not may(role, RIGHTS[name]))
    assert all(one.possible or one.why_not for one in offered.values())


async def test_a_case_of_another_programme_or_partner_is_not_there(house):
    case_id = house.open_case("m-1")
    for sees in (Sees(frozenset({"other"})), Sees(partners=frozenset({"p-9"}))):
        await _sees_nothing(house, case_id, person("eve", "senior", sees))


async def _sees_nothing(house, case_id, who):
    act = Act(name="lock", act_id="act_x")
    assert (await house.desk.consequence(who, PROGRAM, case_id, act)).why == "unknown"
    assert (await house.desk.do(who, PROGRAM, case_id, act, 1, "because")).why == "unknown"
    done = await house.do(ANN, case_id, "lock")
    assert (await house.desk.undo(who, PROGRAM, case_id, done.undo)).why == "unknown"
    await house.desk.undo(ANN, PROGRAM, case_id, done.undo)
    assert await house.desk.acts(who, PROGRAM, case_id) == []


async def test_of_two_analysts_at_once_one_acts_and_the_other_hears_what_changed(house):
    case_id = house.open_case("m-1")
    version = house.version(case_id)
    acts = [Act(name="lock", act_id="act_a"), Act(name="label", label="fraud", act_id="act_b")]
    came = await asyncio.gather(*(
        house.desk.do(who, PROGRAM, case_id, act, version, "because")
        for who, act in zip((ANN, BEN), acts, strict=True)
    ))  # fmt: skip
    assert sorted(type(one).__name__ for one in came) == ["Done", "Refused"]
    (refused,) = [one for one in came if isinstance(one, Refused)]
    assert refused.why == "stale"
    assert [one.move for one in refused.since] == ["act"]
    assert refused.version == house.version(case_id)


async def test_asked_for_again_an_act_is_done_once(house):
    case_id, act = house.open_case("m-1"), Act(name="label", label="fraud", act_id="act_a")
    version = house.version(case_id)
    came = await asyncio.gather(*(
        house.desk.do(ANN, PROGRAM, case_id, act, version, "because") for _ in range(4)
    ))  # fmt: skip
    assert sum(not one.repeated for one in came) == 1
    assert len(house.installation.record.labels(PROGRAM, account_id="m-1", limit=9, cursor=None).items) == 1
    other = await house.desk.do(BEN, PROGRAM, case_id, act, version, "because")
    assert other.why == "illegal"


async def test_nothing_of_an_act_is_done_where_its_last_step_fails(house, monkeypatch):
    case_id, token_id = house.open_case("m-1", held=("m-1",)), house.token("m-1")
    told = await house.ask(ANN, case_id, Act(name="block"))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stepping.Stepper, "_set_hold", killed)
        with pytest.raises(KeyboardInterrupt):
            await house.tried(ANN, case_id, "block", act_id="act_a")
    assert [house.stands(case_id, one) for one in told.effects] == [one.before for one in told.effects]
    await house.do(ANN, case_id, "block", act_id="act_a")
    assert [house.stands(case_id, one) for one in told.effects] == [one.after for one in told.effects]
    assert house.ledger.token_of(PROGRAM, token_id).state == "revoked"


async def test_with_the_hot_store_away_it_is_durable_and_the_chores_of_the_worker_tell_it(house):
    case_id = house.open_case("m-1", held=("m-1",))
    await house.installation.pipeline.close()
    done = await house.do(ANN, case_id, "block")
    assert not done.told
    assert house.locks.lock(PROGRAM, "m-1").locked
    assert house.locks.due(NOW_MS + 60_000, 9)  # told by the chore of locks, as the rest by theirs


async def test_closing_an_account_takes_two_people_and_so_does_opening_it(house):
    case_id, token_id = house.open_case("m-1"), house.token("m-1")
    told = await house.ask(SUE, case_id, Act(name="close_account"))
    assert told.needs_second
    done = await house.do(SUE, case_id, "close_account", typology="ato_drain")
    assert (done.proposed, done.undo) == (True, None)
    assert await house.desk.standing(SUE, PROGRAM, "m-1") == "open"
    assert house.ledger.token_of(PROGRAM, token_id).state == "issued"

    assert (await house.tried(SUE, case_id, "approve")).why in {"same_person", "forbidden"}
    assert (await house.tried(ANN, case_id, "approve")).why == "forbidden"
    told = await house.ask(SAM, case_id, Act(name="approve"))
    await house.do(SAM, case_id, "approve")
    assert [house.stands(case_id, one) for one in told.effects] == [one.after for one in told.effects]
    assert await house.desk.standing(SUE, PROGRAM, "m-1") == "closed"
    assert house.desk.is_closed(PROGRAM, "m-1")
    assert house.case(case_id).state == "closed"

    def reopened(actor):
        wish = Wish(move="reopen", reason="appeal")
        return house.cases.move(Scope(PROGRAM), case_id, Who(actor), wish, None, NOW_MS)

    assert reopened(SUE.actor).why == "same_person"
    assert reopened("key:shop").why == "needs_second"
    assert turned_down(ANN, house.case(case_id), Wish(move="reopen"), NOW_MS).why == "illegal"
    assert turned_down(SAM, house.case(case_id), Wish(move="reopen"), NOW_MS) is None
    assert reopened(SAM.actor).state == "open"
    assert (await house.tried(SAM, case_id, "unlock")).why == "needs_second"
    assert (await house.tried(ANN, case_id, "release")).why == "forbidden"
    assert (await house.do(SUE, case_id, "release")).proposed
    assert await house.desk.standing(SUE, PROGRAM, "m-1") == "closed"
    await house.do(SAM, case_id, "approve")
    assert await house.desk.standing(SUE, PROGRAM, "m-1") == "open"


async def test_much_is_let_go_by_two_and_what_is_sent_back_does_nothing(house):
    house.terms = type(house.terms)(four_eyes_minor=100)
    case_id = house.open_case("m-1", held=("m-1",))
    assert (await house.tried(ANN, case_id, "release")).why == "forbidden"
    told = await house.ask(SUE, case_id, Act(name="release"))
    assert told.needs_second
    assert [one.kind for one in told.effects] == ["case"]
    await house.do(SUE, case_id, "release")
    await house.do(SAM, case_id, "reject")
    assert house.case(case_id).state == "open"
    await house.do(SUE, case_id, "release")
    done = await house.do(SAM, case_id, "approve")
    await house.installation.drain()
    assert [house.stands(case_id, one) for one in done.effects] == [one.after for one in done.effects]
    assert [one.state for one in await house.desk.acts(SUE, PROGRAM, case_id)] == [
        "rejected", "done", "done", "done",
    ]  # fmt: skip


async def test_only_who_did_it_or_a_senior_takes_it_back_and_a_case_that_went_on_stays(house):
    case_id = house.open_case("m-1", "m-2")
    done = await house.do(ANN, case_id, "lock", account_ids=("m-1",))
    assert (await house.desk.undo(BEN, PROGRAM, case_id, done.undo)).why == "not_undoable"
    assert isinstance(await house.desk.undo(SUE, PROGRAM, case_id, done.undo), Done)
    assert (await house.desk.undo(SUE, PROGRAM, case_id, done.undo)).repeated
    blocked = await house.do(ANN, case_id, "block")
    await house.do(BEN, case_id, "unlock", account_ids=("m-2",))
    assert (await house.desk.undo(ANN, PROGRAM, case_id, blocked.undo)).why == "stale"
    assert (await house.desk.undo(ANN, PROGRAM, case_id, "act_none")).why == "unknown"


async def test_a_lock_that_asks_for_a_proof_is_one_the_member_takes_away(house):
    case_id = house.open_case("m-1")
    await house.do(ANN, case_id, "step_up")
    row = house.locks.lock(PROGRAM, "m-1")
    assert row.locked
    assert row.asked_by in PROVABLE
    assert (await house.tried(ANN, case_id, "step_up")).why == "impossible"


REFUSED = [
    ("lock", {"account_ids": ("m-9",)}, "unknown", "account_ids"),
    ("hold", {}, "incomplete", "until_ms"),
    ("hold", {"until_ms": NOW_MS + 73 * 3_600_000}, "too_late", "until_ms"),
    ("judge_pair", {}, "incomplete", "verdict"),
    ("judge_pair", {"verdict": "household", "account_ids": ("m-1",)}, "incomplete", "account_ids"),
    ("add_to_list", {"kind": "email", "value": "no mail", "list_name": "block"}, "incomplete", "value"),
    ("add_to_list", {"kind": "email", "value": "x" * 600, "list_name": "block"}, "too_long", "value"),
    ("add_to_list", {"kind": "device", "value": "d", "list_name": "block", "expires_ms": 1}, "too_late", "expires_ms"),
    ("mark_context", {"kind": "email", "value": "a@b.example", "context": "kiosk"}, "incomplete", "context"),
    ("revoke_token", {"token_id": "tok_foreign"}, "unknown", "token_id"),
    ("label", {}, "incomplete", "label"),
    ("block", {"label": "legitimate"}, "incomplete", "label"),
    ("approve", {}, "illegal", ""),
    ("lock", {"act_id": ""}, "incomplete", "act_id"),
]  # fmt: skip


async def test_what_cannot_be_is_refused_by_the_field_and_changes_nothing(house):
    case_id = house.open_case("m-1", "m-2", held=("m-1",))
    version = house.version(case_id)
    for name, asked, why, field in REFUSED:
        refused = await house.tried(SUE, case_id, name, **asked)
        assert (refused.why, refused.field) == (why, field), (name, asked)
    assert house.version(case_id) == version


async def test_without_a_reason_nothing_is_done_and_who_has_the_case_is_not_passed_over(house):
    case_id, act = house.open_case("m-1"), Act(name="lock", act_id="act_a")
    refused = await house.desk.do(ANN, PROGRAM, case_id, act, house.version(case_id), "  ")
    assert (refused.why, refused.field) == ("incomplete", "reason")
    house.cases.claim(Scope(PROGRAM), case_id, Who(BEN.actor), NOW_MS)
    assert (await house.tried(ANN, case_id, "lock")).why == "taken"


async def test_the_story_of_an_act_names_no_value_and_its_reason_goes_with_the_members_key(house):
    case_id = house.open_case("m-1")
    await house.do(SUE, case_id, "add_to_list", kind="email", value="anna@example.org", list_name="block")
    with house.engine.connect() as connection:
        rows = connection.execute(select(case_acts)).all()
    assert "anna" not in repr(rows)
    assert "they called" not in repr(rows)
    (row,) = await house.desk.acts(SUE, PROGRAM, case_id)
    assert row.reason == "they called and said so"
    assert [one.what for one in row.effects] == ["block:email"]
    with house.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM account_keys")
    (row,) = await house.desk.acts(SUE, PROGRAM, case_id)
    assert row.reason is None


async def test_every_act_and_what_took_it_back_is_in_the_audit(house):
    case_id = house.open_case("m-1")
    done = await house.do(ANN, case_id, "lock")
    await house.desk.undo(ANN, PROGRAM, case_id, done.undo)
    whole = house.audit.verify(house.engine)
    with house.engine.connect() as connection:
        events = connection.exec_driver_sql("SELECT event FROM audit ORDER BY seq").scalars().all()
    assert whole.rows == len(events)
    assert [one for one in events if one.startswith(("act.", "account."))] == [
        "account.locked", "act.lock", "account.unlocked", "act.undone",
    ]  # fmt: skip


async def test_an_acts_move_is_not_taken_back_without_the_act(house):
    case_id = house.open_case("m-1")
    done = await house.do(ANN, case_id, "block")
    by, version = Who(ANN.actor), house.version(case_id)
    half = house.cases.undo(Scope(PROGRAM), case_id, by, version, NOW_MS)
    assert half.why == "not_undoable"
    assert house.case(case_id).state == "closed"
    await house.desk.undo(ANN, PROGRAM, case_id, done.undo)
    assert house.case(case_id).state != "closed"
    assert not house.locks.lock(PROGRAM, "m-1").locked


async def test_a_proposal_sent_back_stays_sent_back(house):
    case_id = house.open_case("m-1", "m-2")
    await house.do(SUE, case_id, "close_account", account_ids=("m-1",))
    await house.do(SAM, case_id, "reject")
    undone = house.cases.undo(Scope(PROGRAM), case_id, Who(SAM.actor), house.version(case_id), NOW_MS)
    assert undone.why == "not_undoable"
    assert house.case(case_id).proposal is None


async def test_what_an_act_proposed_is_not_approved_without_the_act(house):
    """Or the case would say that the account is closed, and the account would not."""
    case_id = house.open_case("m-1")
    await house.do(SUE, case_id, "close_account")
    wish, by = Wish(move="approve"), Who(SAM.actor)
    half = house.cases.move(Scope(PROGRAM), case_id, by, wish, house.version(case_id), NOW_MS)
    assert half.why == "illegal"
    assert house.case(case_id).state == "approval"
    await house.do(SAM, case_id, "approve")
    assert house.acts.is_closed(PROGRAM, "m-1")


async def test_a_lock_of_before_is_not_taken_back_once_two_people_closed_the_account(house):
    case_id = house.open_case("m-1")
    locked = await house.do(ANN, case_id, "lock")
    await house.do(SUE, case_id, "close_account")
    await house.do(SAM, case_id, "approve")
    undone = await house.desk.undo(ANN, PROGRAM, case_id, locked.undo)
    assert undone.why == "not_undoable"
    assert house.locks.lock(PROGRAM, "m-1").locked


async def test_a_hold_is_not_cut_short(house):
    """Or who may not release could let much go by holding it for another minute."""
    case_id = house.open_case("m-1", held=("m-1",))
    refused = await house.tried(ANN, case_id, "hold", until_ms=NOW_MS + 60_000)
    assert (refused.why, refused.field) == ("illegal", "until_ms")
    await house.do(ANN, case_id, "hold", until_ms=NOW_MS + 30 * 3_600_000)


async def test_who_is_limited_to_a_store_acts_on_no_account_that_was_never_there(house):
    case_id = house.open_case("m-1", "m-2", at="s-1")
    token_id = house.token("m-2")
    eve, sam = (person(name, "senior", Sees(stores=frozenset({"s-1"}))) for name in ("eve", "sam"))
    of_all = await house.do(SUE, case_id, "lock")
    assert (await house.desk.undo(sam, PROGRAM, case_id, of_all.undo)).why == "forbidden"
    await house.desk.undo(SUE, PROGRAM, case_id, of_all.undo)

    told = await house.ask(eve, case_id, Act(name="lock"))
    assert told.accounts == 1
    assert told.sentences[-1] == "Outside what you see, and left as they are: m-2."
    await house.do(eve, case_id, "lock")
    assert house.locks.lock(PROGRAM, "m-1").locked
    assert not house.locks.lock(PROGRAM, "m-2").locked
    named = await house.tried(eve, case_id, "lock", account_ids=("m-2",))
    assert (named.why, named.message) == ("forbidden", "m-2 is outside what you see.")
    assert (await house.tried(eve, case_id, "revoke_token", token_id=token_id)).why == "unknown"

    await house.do(SUE, case_id, "close_account")
    assert (await house.tried(sam, case_id, "approve")).why == "forbidden"
    await house.do(SAM, case_id, "reject")
    await house.do(eve, case_id, "close_account")
    await house.do(SAM, case_id, "approve")
    assert [house.acts.is_closed(PROGRAM, name) for name in ("m-1", "m-2")] == [True, False]


@pytest.mark.parametrize("name", ["release", "block"])
async def test_who_sees_a_part_of_a_ring_decides_that_part_and_the_rest_stays_open(house, name):
    case_id = house.open_case("m-1", "m-2", "m-3", held=("m-1", "m-2"), at="s-1")
    eve = person("eve", "analyst", Sees(stores=frozenset({"s-1"})))
    told = await house.ask(eve, case_id, Act(name=name))
    assert told.sentences[-2:] == [
        "Outside what you see, and left as they are: m-2, m-3.",
        "They go on in a case of their own, which stays open.",
    ]
    done = await house.do(eve, case_id, name)
    assert list(done.sentences) == list(told.sentences)
    rest_id = house.cases.open_case(PROGRAM, "m-2")
    assert rest_id not in {None, case_id}
    assert house.cases.open_case(PROGRAM, "m-3") == rest_id
    assert house.cases.open_case(PROGRAM, "m-1") is None
    assert (house.case(case_id).state, house.case(case_id).accounts) == ("closed", 1)
    rest = house.case(rest_id)
    assert (rest.state, rest.accounts, rest.hold_ms is not None) == ("open", 2, True)
    assert house.cases.some(Scope(PROGRAM, stores=frozenset({"s-1"})), [rest_id]) == []  # no place of theirs
    assert house.locks.lock(PROGRAM, "m-2") is None

    await house.desk.undo(eve, PROGRAM, case_id, done.undo)
    assert (house.case(case_id).state, house.case(case_id).accounts) == ("open", 1)
    assert house.cases.open_case(PROGRAM, "m-1") == case_id


async def test_what_is_proposed_for_a_part_leaves_the_rest_to_be_decided(house):
    case_id = house.open_case("m-1", "m-2", at="s-1")
    eve = person("eve", "senior", Sees(stores=frozenset({"s-1"})))
    assert (await house.do(eve, case_id, "close_account")).proposed
    rest_id = house.cases.open_case(PROGRAM, "m-2")
    assert rest_id != case_id
    await house.do(SAM, case_id, "approve")
    assert (house.case(case_id).state, house.case(rest_id).state) == ("closed", "open")


async def test_a_move_alone_decides_no_case_of_which_one_sees_a_part(house):
    case_id = house.open_case("m-1", "m-2", at="s-1")
    part, by = Scope(PROGRAM, stores=frozenset({"s-1"})), Who(ANN.actor)
    for move in ("close", "propose"):
        wish = Wish(move=move, resolution="fraud", reason="He is on the tape.")
        refused = house.cases.move(part, case_id, by, wish, None, NOW_MS)
        assert (refused.why, refused.field) == ("illegal", "move")
        assert refused == house.cases.preview(part, case_id, by, wish, NOW_MS)
    assert house.case(case_id).state == "open"


async def test_the_rest_of_an_escalated_ring_is_a_seniors_too(house):
    case_id = house.open_case("m-1", "m-2", at="s-1")
    house.cases.move(Scope(PROGRAM), case_id, Who(ANN.actor), Wish(move="escalate"), None, NOW_MS)
    eve = person("eve", "senior", Sees(stores=frozenset({"s-1"})))
    await house.do(eve, case_id, "block")
    assert house.case(house.cases.open_case(PROGRAM, "m-2")).state == "escalated"


async def test_one_person_does_not_take_an_account_that_two_closed_from_the_block_list(house):
    case_id = house.open_case("m-1")
    listed = await house.do(SUE, case_id, "add_to_list", kind="account", value="m-1", list_name="block")
    await house.do(SUE, case_id, "close_account")
    await house.do(SAM, case_id, "approve")
    with house.engine.connect() as connection:
        entries = connection.scalars(select(list_entries.c.entry_id)).all()
    assert len(entries) == 2
    for entry_id in entries:
        with pytest.raises(ByTwo):
            house.feedback.delist(PROGRAM, "block", entry_id, Who(SAM.actor), NOW_MS)
    assert (await house.desk.undo(SUE, PROGRAM, case_id, listed.undo)).why == "not_undoable"
    with house.engine.connect() as connection:
        assert len(connection.scalars(select(list_entries.c.entry_id)).all()) == 2

    wish = Wish(move="reopen", reason="appeal")
    house.cases.move(Scope(PROGRAM), case_id, Who(SAM.actor), wish, None, NOW_MS)
    await house.do(SUE, case_id, "release")
    await house.do(SAM, case_id, "approve")
    assert not house.acts.is_closed(PROGRAM, "m-1")
    with house.engine.connect() as connection:
        for entry_id in connection.scalars(select(list_entries.c.entry_id)).all():
            assert house.feedback.delist(PROGRAM, "block", entry_id, Who(SAM.actor), NOW_MS)
