"""A reward that waits for a person: it has a case at once, and whoever ends its hold lets it go once."""

from __future__ import annotations

import pytest

from app.problems import Problem
from app.redeeming.desk import Answer, Member
from detectors.event import Device
from tests.app.redeeming.checked import browser, passed
from tests.app.redeeming.promise import BACKEND, PAYLOAD
from tokens.token import Reward


@pytest.mark.parametrize(("points", "reason"), [(777, "ASK"), (888, "LOOK")])
async def test_what_is_held_has_a_case_at_once_and_one_case_only(checked, points, reason):
    """Also where the decision alone would open none: a challenge that nobody can pass."""
    checked.ways = ()
    text, _ = await checked.gift(points)
    assert (await checked.released(text, browser())).step == "delayed"
    with_worker = await checked.cases()
    assert [(one.cause, one.account_id, one.points, one.reasons, one.state) for one in with_worker] == [
        ("token", "m-1", points, (reason,), "open")
    ]
    assert (await checked.visits.enter(text, browser())).view.step == "delayed"
    assert await checked.cases() == with_worker
    assert [one for one in checked.audited() if one.startswith(("case.", "token.held"))] == [
        "case.opened",
        "token.held",
    ]


async def test_a_case_that_cannot_be_opened_holds_nothing(checked, monkeypatch):
    text, token_id = await checked.gift(888)

    def broken(*_):
        raise LookupError

    with monkeypatch.context() as patch:
        patch.setattr(checked.ledger._opener, "open_for", broken)
        with pytest.raises(LookupError):
            await checked.released(text, browser())
    assert (await checked.token_now(token_id)).held_ms is None
    assert (await checked.released(text, browser("198.51.100.7"))).step == "delayed"


async def test_a_hold_that_the_policy_ends_lets_the_reward_go_and_burns_it_once(checked):
    text, token_id = await checked.gift(888, expires_in_s=14 * 86_400)
    assert (await checked.released(text, browser())).step == "delayed"
    await checked.hold_ends()
    assert await checked.burned() == 0, "released is not redeemed yet"
    token = await checked.token_now(token_id)
    assert (token.state, token.held_ms) == ("issued", None)
    assert checked.audited().count("token.hold_released") == 1
    assert (await checked.released(text, browser())).payload == PAYLOAD
    assert await checked.outcomes() == ["completed"]
    assert await checked.burned() == 888


async def test_a_hold_of_more_is_escalated_and_stays(checked):
    text, token_id = await checked.gift(8_888, expires_in_s=14 * 86_400)
    assert (await checked.released(text, browser())).step == "delayed"
    await checked.hold_ends()
    assert (await checked.token_now(token_id)).held_ms is not None
    assert "token.hold_released" not in checked.audited()
    await checked.desk.release_hold(token_id, BACKEND)
    assert (await checked.released(text, browser())).payload == PAYLOAD


async def test_a_backend_may_name_the_members_address_and_device(checked):
    """They are judged like a browser's: the third member who redeems on one device waits for a person."""
    member = Member("203.0.113.9", Device(id="kiosk-1", user_agent="Kiosk/1"))
    told = []
    for number in range(3):
        account_id = f"m-{number + 1}"
        text, _ = await checked.gift(0, account_id=account_id)
        told.append(
            await checked.desk.redeem(text, None, account_id, BACKEND, f"key-{number}", b"{}", member)
        )
    assert [isinstance(one, Answer) for one in told] == [True, True, False]
    assert isinstance(told[2], Problem)
    assert told[2].status == 423
    (decision,) = await checked.made()
    event = checked.there.record.event("default", decision["event_id"])
    assert (event.ip, event.device) == (member.ip, member.device)


async def test_a_passed_challenge_stands_while_the_code_of_the_token_lapses(checked):
    """They prove two things: the member, and the mailbox. Only what lapsed is asked for again."""
    text, _ = await checked.gift(777, otp_method="email", otp_to="ann@example.org")
    cookie, view, known = await checked.opened(text, browser())
    await checked.visits.send_code(cookie, known)
    page = await checked.visits.verify(cookie, checked.code(), view.echo, known)
    assert page.step == "confirm"
    await checked.later(8 * 60)
    await passed(checked, page.challenge_id)
    await checked.later(4 * 60)
    back = await checked.visits.look(cookie, known)
    assert back.step in {"ask", "type"}
    assert (await checked.visits.release(cookie, view.echo, known)).payload is None
    await checked.visits.send_code(cookie, known)
    paid = await checked.visits.verify(cookie, checked.code(), view.echo, known)
    assert (paid.step, paid.payload) == ("reward", PAYLOAD)
    assert len(await checked.made()) == 1


async def test_a_cap_that_is_used_up_suspects_nobody_and_uses_nothing_up(checked):
    """The same link redeems once there is room again."""
    first, _ = await checked.issue(reward=Reward(reward_id="scarce", points=1))
    assert (await checked.released(first, browser())).payload == PAYLOAD
    assert await checked.outcomes() == ["completed"]
    text, body = await checked.issue(reward=Reward(reward_id="scarce", points=1), expires_in_s=86_400)
    assert (await checked.released(text, browser())).step == "delayed"
    assert (await checked.redeem(text)).status == 423
    token = await checked.token_now(body["token_id"])
    assert (token.state, token.held_ms) == ("issued", None)
    await checked.later(3_601)
    assert (await checked.released(text, browser())).payload == PAYLOAD
