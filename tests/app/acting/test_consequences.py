"""What an act is said to do before is what then happens, and taking it back restores what was before."""

from __future__ import annotations

import pytest

from app.acting.ports import Act
from app.locking.switch import Wish
from tests.app.acting.conftest import ANN, HOUR_MS, PROGRAM, SUE
from tests.app.store.cased import NOW_MS
from tokens.who import Who

ACTS = {
    "release": {},
    "block": {},
    "block for abuse": {"label": "policy_abuse", "typology": "gamify", "expires_ms": NOW_MS + 48 * HOUR_MS},
    "lock": {},
    "lock one": {"account_ids": (2,)},
    "step_up": {},
    "hold": {"until_ms": NOW_MS + 48 * HOUR_MS},
    "judge_pair": {"verdict": "household"},
    "judge_pair of two": {"verdict": "same_person", "account_ids": (1, 2)},
    "mark_context": {"kind": "device", "value": "till-7", "context": "store_tablet"},
    "add_to_list": {"kind": "email", "value": "anna@example.org", "list_name": "watch"},
    "label": {"label": "fraud", "typology": "ato_drain"},
}


async def test_what_is_told_before_is_what_happens_and_taken_back_it_is_as_before(house):
    for number, (name, asked) in enumerate(ACTS.items()):
        whom = [f"m-{number}-{place}" for place in range(3)]
        given = asked | {"account_ids": tuple([whom[place] for place in asked.get("account_ids", ())])}
        await _done_and_taken_back(house, name.partition(" ")[0], given, whom)


async def _done_and_taken_back(house, name, asked, whom):
    case_id = house.open_case(*whom, held=(whom[0],))
    house.token(whom[1])
    told = await house.ask(SUE, case_id, Act(name=name, **asked))
    assert told.allowed
    assert told.sentences
    before = [house.stands(case_id, one) for one in told.effects]
    assert before == [one.before for one in told.effects]

    done = await house.do(SUE, case_id, name, **asked)
    await house.installation.drain()
    assert tuple(done.effects) == tuple(told.effects)
    assert list(done.sentences) == list(told.sentences)
    assert done.told
    assert [house.stands(case_id, one) for one in told.effects] == [one.after for one in told.effects]

    undone = await house.desk.undo(SUE, PROGRAM, case_id, done.undo)
    await house.installation.drain()
    back = [one for one in told.effects if one.kind != "token" and one.after != "let go"]
    assert [house.stands(case_id, one) for one in back] == [one.before for one in back]
    assert [(one.before, one.after) for one in undone.effects] == [
        (one.after, one.before) for one in reversed(back)
    ]
    assert all(undone.sentences)


async def test_released_points_are_the_members_and_so_is_a_held_reward(house):
    case_id = house.open_case("m-1", held=("m-1",))
    token_id = house.token("m-1")
    house.hold_token(token_id)
    told = await house.ask(ANN, case_id, Act(name="release"))
    assert {one.kind for one in told.effects} == {"case", "label", "held_points", "held_reward"}
    assert (told.points, told.value_minor, told.decisions, told.tokens) == (600, 600, 1, 1)
    await house.do(ANN, case_id, "release")
    await house.installation.drain()
    for one in told.effects:
        assert house.stands(case_id, one) == one.after
    assert house.case(case_id).resolution == "legitimate"


async def test_a_release_unlocks_what_the_case_locked_and_leaves_what_the_member_did(house):
    case_id = house.open_case("m-1", "m-2")
    await house.do(ANN, case_id, "lock", account_ids=("m-1",))
    await house.switch.change(Wish(PROGRAM, "m-2", locked=True, by="member", who=Who("member")))
    told = await house.ask(ANN, case_id, Act(name="release"))
    assert [one.what for one in told.effects if one.kind == "redeeming"] == ["m-1"]
    await house.do(ANN, case_id, "release")
    assert not house.locks.lock(PROGRAM, "m-1").locked
    assert house.locks.lock(PROGRAM, "m-2").locked


@pytest.mark.parametrize("asked", ["revoke_token", "release_token", "reissue_token"])
async def test_one_token_is_ended_let_go_or_replaced_for_good(house, asked):
    case_id, token_id = house.open_case("m-1"), house.token("m-1")
    if asked == "release_token":
        house.hold_token(token_id)
    told = await house.ask(ANN, case_id, Act(name=asked, token_id=token_id))
    assert not told.can_undo
    assert told.told.keys() == {"en", "de"}
    await house.rings.refresh()
    done = await house.do(ANN, case_id, asked, token_id=token_id)
    assert [house.stands(case_id, one) for one in done.effects] == [one.after for one in told.effects]
    assert done.undo is None
    page = house.ledger.tokens(PROGRAM, account_id="m-1", campaign_id=None, limit=9, cursor=None)
    live = [one for one in page.items if one.state == "issued"]
    assert len(live) == (asked != "revoke_token")
    if asked == "reissue_token":
        (fresh,) = live
        old = house.ledger.token_of(PROGRAM, token_id)
        assert (fresh.reward, fresh.recipient, fresh.channel) == (old.reward, old.recipient, old.channel)
        assert fresh.expires_ms <= old.expires_ms


async def test_a_token_whose_content_only_the_member_opens_or_whose_address_is_new_is_not_replaced(house):
    case_id = house.open_case("m-1")
    secret = house.token("m-1", payload=b'{"code":"X"}')
    refused = await house.tried(ANN, case_id, "reissue_token", token_id=secret)
    assert (refused.why, refused.field) == ("impossible", "token_id")
    assert "member's link" in refused.message
    house.renewed = True
    refused = await house.tried(ANN, case_id, "reissue_token", token_id=house.token("m-1"))
    assert "72 h" in refused.message
