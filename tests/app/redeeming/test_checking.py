"""The check at redemption: what it lets go, what it asks, what waits for a person and what is frozen; once, always."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from itertools import count

import msgspec
import pytest
from anyio import to_thread

from app.problems import Problem
from app.redeeming.checking import Cleared
from app.redeeming.deciding import Visitor
from app.redeeming.desk import Answer
from app.redeeming.releasing import Claimant
from detectors.snapshot import LinkSeen
from tests.app.redeeming.checked import FRENCH, GERMAN, browser, passed
from tests.app.redeeming.promise import BACKEND, PAYLOAD
from tokens.who import Who


async def test_an_ordinary_redemption_is_decided_recorded_and_completed(checked):
    text, token_id = await checked.gift(100)
    assert (await checked.released(text, browser())).payload == PAYLOAD
    (decision,) = await checked.made()
    assert (decision["decision"], decision["detectors"]["links"]["status"]) == ("allow", "clear")
    assert await checked.burned() == 0, "nothing is burned before the token's end is told"
    assert await checked.outcomes() == ["completed"]
    assert await checked.burned() == 100
    event = checked.there.record.event("default", decision["event_id"])
    assert (event.metadata, event.type) == ({"token_id": token_id}, "redeem")


async def test_a_challenge_asks_for_proof_though_the_token_needs_none_and_then_the_same_link_works(checked):
    text, token_id = await checked.gift(777)
    cookie, view, known = await checked.opened(text, browser())
    page = await checked.visits.release(cookie, view.echo, known)
    assert (page.step, page.payload) == ("confirm", None)
    assert page.challenge_id.startswith("chl_")
    again = await checked.visits.release(cookie, view.echo, known)
    assert again.challenge_id == page.challenge_id
    assert len(await checked.made()) == 1
    assert (await checked.token_now(token_id)).state == "issued"
    await passed(checked, page.challenge_id)
    assert (await checked.visits.look(cookie, known)).step == "release"
    assert await checked.burned() == 0, "passed is not redeemed yet"
    assert (await checked.visits.release(cookie, view.echo, known)).payload == PAYLOAD
    assert await checked.outcomes() == ["completed"]
    assert await checked.burned() == 777


async def test_a_challenge_that_nobody_can_pass_waits_for_a_person(checked):
    checked.ways = ()
    text, token_id = await checked.gift(777)
    assert (await checked.released(text, browser())).step == "delayed"
    assert (await checked.token_now(token_id)).held_for == (await checked.made())[0]["decision_id"]


async def test_the_tokens_own_code_on_another_channel_is_the_proof(checked):
    text, _ = await checked.gift(777, otp_method="sms", otp_to="+4915112345678")
    cookie, view, known = await checked.opened(text, browser())
    await checked.visits.send_code(cookie, known)
    page = await checked.visits.verify(cookie, checked.code(), view.echo, known)
    assert (page.step, page.payload) == ("reward", PAYLOAD)
    assert await checked.outcomes() == ["completed"]


async def test_a_reward_in_review_waits_and_is_paid_once_when_a_person_lets_it_go(checked):
    text, token_id = await checked.gift(888)
    cookie, view, known = await checked.opened(text, browser())
    assert (await checked.visits.release(cookie, view.echo, known)).step == "delayed"
    assert (await checked.visits.look(cookie, known)).step == "delayed"
    assert (await checked.visits.enter(text, browser())).view.step == "delayed"
    refused = await checked.redeem(text)
    assert (refused.status, refused.retry_after_s) == (423, None)
    token = await checked.token_now(token_id)
    assert (token.state, token.held_ms is not None, token.shut is not None) == ("issued", True, True)
    released = await checked.desk.release_hold(token_id, BACKEND)
    assert (released.held_ms, released.state) == (None, "issued")
    assert (await checked.desk.release_hold(token_id, BACKEND)).token_id == token_id
    assert (await checked.visits.release(cookie, view.echo, known)).payload == PAYLOAD
    assert (await checked.visits.enter(text, browser())).view.step == "redeemed"
    assert await checked.outcomes() == ["completed"]
    assert await checked.burned() == 888
    assert [one for one in checked.audited() if "hel" in one or "hold" in one] == [
        "token.held",
        "token.hold_released",
    ]


async def test_a_held_reward_that_is_revoked_cancels_its_decision(checked):
    text, token_id = await checked.gift(888)
    await checked.released(text, browser())
    await checked.desk.revoke(token_id, BACKEND)
    assert (await checked.desk.release_hold(token_id, BACKEND)).status == 409
    assert await checked.outcomes() == ["cancelled"]
    assert await checked.burned() == 0


async def test_a_blocked_redemption_freezes_the_token_and_burns_nothing(checked):
    text, token_id = await checked.gift(999)
    assert (await checked.released(text, browser())).step == "frozen"
    token = await checked.token_now(token_id)
    assert (token.state, token.shut is not None) == ("frozen", True)
    assert await checked.burned() == 0


async def test_a_backend_is_told_what_to_do_in_problems(checked):
    asked, _ = await checked.gift(777)
    problem = await checked.redeem(asked)
    assert isinstance(problem, Problem)
    assert (problem.status, problem.methods) == (401, ("sms_otp",))
    await passed(checked, problem.challenge_id)
    assert isinstance(await checked.redeem(asked, key="another-key"), Answer)
    stopped, _ = await checked.gift(999)
    assert (await checked.redeem(stopped, key="key-3")).status == 423


async def test_tokens_of_a_decision_are_not_checked_a_second_time(checked):
    text, _ = await checked.gift(999)
    token = checked.finder.find(checked.finder.read(text)).token
    proof = msgspec.structs.replace(token, purpose="redemption", decision_id="dec_1")
    found = checked.finder.find(checked.finder.read(text))._replace(token=proof)

    assert checked.check.check(found, Visitor(b"s"), None, proven=False) == Cleared(None)


async def test_who_repeats_a_gesture_finds_the_decision_made(checked):
    """A crash between the decision and the commit leaves nothing stuck: the next gesture goes on from it."""
    text, _ = await checked.gift(100)
    cookie, view, known = await checked.opened(text, browser())
    real = checked.releaser.release
    checked.releaser.release = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(BaseException):  # noqa: B017 - whatever the loop makes of a crash
        await checked.visits.release(cookie, view.echo, known)
    checked.releaser.release = real
    await checked.later(60)
    assert (await checked.visits.release(cookie, view.echo, known)).payload == PAYLOAD
    assert len(await checked.made()) == 1


async def test_one_gesture_repeated_at_once_is_one_decision_whenever_each_was_made(checked):
    """A backend that insists is one gesture: who comes while it is being decided waits for that decision."""
    _, token_id = await checked.gift(100)
    token = await checked.token_now(token_id)
    checked.decider._clock = count(checked.now_ms).__next__
    link = LinkSeen(devices_24h=1, countries_24h=1, failed_codes=0, forwarded=False, channel="", age_s=1)
    visitor = Visitor(b"a backend")

    def decide():
        return checked.decider.decide(token, visitor, link, "")

    made = await asyncio.gather(*(to_thread.run_sync(decide) for _ in range(30)))
    assert len({one.decision_id for one in made}) == 1
    assert len(await checked.made()) == 1


async def test_a_call_that_finds_its_token_redeemed_meanwhile_is_told_as_its_repeats_are(
    checked, monkeypatch
):
    """The token went between being looked at and being held: the same key gets the reward, another a refusal."""
    text, _ = await checked.gift(888)
    look, first = checked.desk._at, []

    def meanwhile(claims, account_id, **how):
        found = look(claims, account_id, **how)
        if not first:
            first.append(found)
            call_hash = checked.secrets.call_hash("default", "redeem", "k", body_hash)
            claimant = Claimant(call_hash, b"k", Who("apikey:till"))
            checked.releaser.release(found, None, claimant, None)
        return found

    body_hash = sha256(b"redeem\0{}").hexdigest()
    monkeypatch.setattr(checked.desk, "_at", meanwhile)
    told = await checked.redeem(text, key="k", body=b"{}")
    assert isinstance(told, Answer), told
    assert msgspec.json.decode(told.body)["reward"]["payload"] == PAYLOAD
    first.clear()
    other, _ = await checked.gift(888)
    refused = await checked.redeem(other, key="another", body=b"{}")
    assert (refused.status, first[0].token.state) == (409, "issued")


async def test_a_link_opened_on_three_devices_asks(checked):
    text, _ = await checked.gift(0)
    for number in range(2):
        await checked.opened(text, browser(f"203.0.113.{number}", f"Browser/{number}"))
    assert (await checked.released(text, browser())).step == "confirm"
    reasons = (await checked.made())[0]["reasons"]
    assert [one["code"] for one in reasons] == ["LINK_OPENED_AROUND"]


async def test_a_forwarded_link_asks(checked):
    text, _ = await checked.gift(0)
    await checked.opened(text, browser(GERMAN, "Phone/1"))
    await checked.later(1_800)
    assert (await checked.released(text, browser(FRENCH, "Desktop/9"))).step == "confirm"
    codes = {one["code"] for one in (await checked.made())[0]["reasons"]}
    assert codes == {"LINK_FORWARDED", "LINK_OPENED_ABROAD"}


async def test_a_phone_and_a_computer_of_one_member_are_nothing(checked):
    text, _ = await checked.gift(0)
    await checked.opened(text, browser("203.0.113.1", "Phone/1"))
    assert (await checked.released(text, browser("203.0.113.2", "Desktop/9"))).payload == PAYLOAD


async def test_one_browser_that_comes_back_is_one_device(checked):
    text, _ = await checked.gift(0)
    _, _, known = await checked.opened(text, browser("203.0.113.1"))
    for number in range(3):
        await checked.opened(text, known._replace(address=f"203.0.113.{number + 2}"))
    assert (await checked.released(text, known)).payload == PAYLOAD


async def test_a_device_that_redeems_for_a_third_member_waits_for_a_person(checked):
    pages, known = [], browser()
    for number in range(3):
        text, _ = await checked.gift(0, account_id=f"m-{number + 1}")
        cookie, view, known = await checked.opened(text, known)
        pages.append((await checked.visits.release(cookie, view.echo, known)).step)
    assert pages == ["reward", "reward", "delayed"]


async def test_a_forged_device_cookie_is_a_new_device(checked):
    text, _ = await checked.gift(0)
    forged = browser()._replace(device="AAAA")
    _, _, known = await checked.opened(text, forged)
    assert known.device not in {None, "AAAA"}


@pytest.mark.parametrize("points", [100, 888])
async def test_of_many_browsers_at_once_one_has_the_reward_or_nobody_while_it_is_held(checked, points):
    text, token_id = await checked.gift(points)
    visits = [await checked.opened(text, browser("198.51.100.7")) for _ in range(2)]
    pages = await asyncio.gather(
        *[checked.visits.release(cookie, view.echo, known) for cookie, view, known in visits]
    )
    paid = [page for page in pages if page.payload is not None]
    token = await checked.token_now(token_id)
    assert (len(paid), token.state) == ((1, "redeemed") if points == 100 else (0, "issued"))
    if points == 888:
        await asyncio.gather(*[checked.desk.release_hold(token_id, BACKEND) for _ in range(3)])
        again = await asyncio.gather(
            *[checked.visits.release(cookie, view.echo, known) for cookie, view, known in visits]
        )
        assert len([page for page in again if page.payload is not None]) == 1
        assert checked.audited().count("token.hold_released") == 1
