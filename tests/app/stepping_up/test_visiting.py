"""The hosted page's visits: found without a programme, bound to a browser, over when they are over."""

from __future__ import annotations

import pytest

from app.redeeming.visiting import Client
from app.seal import Seal
from app.stepping_up.showing import Showing
from app.stepping_up.visiting import StepUpVisits
from tests.app.redeeming.promise import OpenThrottle
from tests.app.stepping_up.stage import BACKEND, named

BACK = "https://shop.example/points/done"
HERE = Client("2001:db8:1:2::3", None)


@pytest.fixture
def visits(stage):
    async def caught_up() -> None:
        await stage.installation.drain()

    here = stage.installation
    return StepUpVisits(
        stage.stepping, Showing(stage.proofs, here.clock), OpenThrottle(), stage.secrets, Seal(b"c" * 32),
        here.policy, caught_up, here.clock,
    )  # fmt: skip


async def entered(visits, decision, back=BACK) -> str:
    told = await visits.enter(named(decision), back, HERE)
    assert told.cookie is not None, told.view
    return told.cookie


async def test_a_code_passes_and_the_way_back_says_so(stage, visits):
    decision = await stage.challenged()
    cookie = await entered(visits, decision)
    seen = await visits.look(cookie, None, HERE)
    assert [way.method for way in seen.proving.ways] == ["sms_otp"]
    assert (seen.kind, seen.points) == ("redeem", 777)
    sent = await visits.send_code(cookie, HERE)
    assert (sent.proving.by, sent.proving.mishap) == ("sms_otp", None)
    code = stage.letter().code
    assert (
        await visits.answer(cookie, "sms_otp", "0" * 6 if code != "0" * 6 else "1" * 6, HERE)
    ).proving.tries_left == 9
    passed = await visits.answer(cookie, "sms_otp", code, HERE)
    assert (passed.step, passed.back) == (
        "passed",
        f"{BACK}?challenge_id={named(decision)}&status=passed",
    )
    assert (await visits.look(cookie, None, HERE)).step == "passed"
    assert await stage.burned() == 777


async def test_a_number_is_seen_masked_only(stage, visits):
    cookie = await entered(visits, await stage.challenged())
    (way,) = (await visits.look(cookie, None, HERE)).proving.ways
    assert way.destination == "••• 01"


async def test_an_expired_challenge_and_an_expired_visit_say_so(stage, visits):
    decision = await stage.challenged()
    stage.later(60)
    cookie = await entered(visits, decision)
    stage.later(14 * 60)
    for told in (await visits.look(cookie, None, HERE), await visits.answer(cookie, "totp", "123456", HERE)):
        assert (told.step, told.back) == (
            "expired",
            f"{BACK}?challenge_id={named(decision)}&status=expired",
        )
    stage.later(60)
    assert (await visits.look(cookie, None, HERE)).step == "gone"


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/", f"https://shop.example/points/{'a' * 1_000}", "/redeem/", "/outbox", " ", "//shop.example"],
)  # fmt: skip
async def test_an_address_outside_the_list_begins_nothing(stage, visits, back):
    told = await visits.enter(named(await stage.challenged()), back, HERE)
    assert (told.view.step, told.view.back, told.cookie) == ("foreign", "", None)


@pytest.mark.parametrize(
    "name", ["", "chl_", "chl_" + "0" * 33, "dec_" + "0" * 33, "chl_" + "\N{SNOWMAN}" * 33]
)
async def test_what_is_no_challenge_is_unknown(visits, name):
    told = await visits.enter(name, BACK, HERE)
    assert (told.view.step, told.cookie) == ("unknown", None)


async def test_a_foreign_cookie_is_none_and_a_code_is_its_own_browsers(stage, visits):
    decision = await stage.challenged()
    mine, other = await entered(visits, decision), await entered(visits, decision)
    await visits.send_code(mine, HERE)
    code = stage.letter().code
    assert (await visits.answer(other, "sms_otp", code, HERE)).proving.mishap == "code_gone"
    for cookie in (None, "x", mine[:-4] + "AAAA"):
        assert (await visits.look(cookie, None, HERE)).step == "gone"
    assert (await visits.answer(mine, "sms_otp", code, HERE)).step == "passed"


async def test_a_decision_that_waits_in_the_journal_is_asked_for_again(stage):
    decision = await stage.challenged()
    stage.stepping._programme_of = lambda _: None  # as if the record did not hold it yet
    found = await stage.stepping.find_anywhere(named(decision))
    assert found.status == 503


async def test_addresses_of_one_network_are_one_client(stage):
    """A backend is known by its network, as everybody is."""
    known = [stage.stepping._asker(BACKEND._replace(address=f"2001:db8::{n}")).who.ip_hash for n in (1, 2)]
    assert known[0] == known[1] == stage.secrets.client_hash("2001:db8::3")
