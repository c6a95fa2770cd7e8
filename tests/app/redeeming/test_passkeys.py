"""Passkeys over the whole promise: enrolled by a link, asked for on the page, demanded by policy, with another way."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode

import msgspec
import pytest

from app.policy.file import parse
from app.problems import Problem
from app.redeeming.terms import Terms
from tests.app.redeeming.promise import BACKEND, PAYLOAD, SITE, client, order, other_code
from tests.tokens.authenticator import SoftKey
from tokens.limits import AUTHENTICATOR_REST_S, CODE_LIFE_S, TRIES_PER_CHALLENGE
from tokens.token import Reward

PASSKEY = {"otp_method": "passkey", "expires_in_s": 1_000_000}
SMS = PASSKEY | {"otp_fallback": "sms", "otp_to": "+4915112345678"}


def challenge_in(asked):
    text = json.loads(asked)["challenge"]
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def link_of(promise, account_id="m-1"):
    link, _ = await promise.enroller.link(account_id, 900, "Mira", "en", BACKEND)
    return link.rpartition("/k/")[2]


async def enrol(promise, key, account_id="m-1"):
    text = await link_of(promise, account_id)
    page = await promise.enroller.look(text, client())
    return await promise.enroller.enrol(text, key.make(challenge_in(page.options), *SITE), client())


async def entered(promise, text):
    told = await promise.visits.enter(text, client())
    return told.cookie, told.view


@pytest.mark.parametrize("text", ["", "AAAA", "\N{SNOWMAN}", "A" * 5_000, "====", "qshk.ZQ"])
async def test_what_is_no_link_of_ours_is_unknown(promise, text):
    assert (await promise.enroller.look(text, client())).stage == "unknown"
    assert (await promise.enroller.enrol(text, "{}", client())).stage == "unknown"


async def test_a_bad_answer_leaves_the_link_and_a_late_one_is_gone(promise):
    text, key = await link_of(promise), SoftKey()
    page = await promise.enroller.enrol(text, "{}", client())
    assert (page.stage, page.mishap) == ("make", True)
    good = key.make(challenge_in(page.options), *SITE)
    await promise.later(900)
    assert (await promise.enroller.enrol(text, good, client())).stage == "gone"
    with pytest.raises(ValueError, match="900"):
        await promise.enroller.link("m-1", 899, None, None, BACKEND)


async def test_a_passkey_releases_the_reward(promise):
    key = SoftKey()
    assert (await enrol(promise, key)).rests_until_ms is None
    text, _ = await promise.issue(**PASSKEY)
    cookie, view = await entered(promise, text)
    assert (view.step, view.method, view.fallback) == ("passkey", "passkey", None)
    answer = key.sign(challenge_in(view.asked), *SITE)
    view = await promise.visits.confirm(cookie, answer, view.echo, client())
    assert (view.step, view.payload) == ("reward", PAYLOAD)


async def test_an_answer_over_a_challenge_that_is_over_costs_no_try(promise):
    key = SoftKey()
    await enrol(promise, key)
    text, _ = await promise.issue(**PASSKEY)
    cookie, view = await entered(promise, text)
    answer = key.sign(challenge_in(view.asked), *SITE)
    await promise.later(CODE_LIFE_S)
    again = await promise.visits.confirm(cookie, answer, view.echo, client())
    assert (again.step, again.mishap, again.tries_left) == ("passkey", "code_gone", None)
    answer = key.sign(challenge_in(again.asked), *SITE)
    assert (await promise.visits.confirm(cookie, answer, view.echo, client())).payload == PAYLOAD


async def test_wrong_answers_are_counted_as_codes_are(promise):
    key = SoftKey()
    await enrol(promise, key)
    text, _ = await promise.issue(**PASSKEY)
    cookie, view = await entered(promise, text)
    for left in range(9, 9 - TRIES_PER_CHALLENGE, -1):
        wrong = key.sign(b"w" * 32, *SITE)
        view = await promise.visits.confirm(cookie, wrong, view.echo, client())
        assert view.tries_left == left
        await promise.later(60)
    good = key.sign(challenge_in(view.asked), *SITE)
    view = await promise.visits.confirm(cookie, good, view.echo, client())
    assert (view.mishap, view.payload) == ("wait", None), "five fails of one client: it waits"


async def test_a_right_answer_to_another_promise_than_was_shown_releases_nothing(promise):
    key = SoftKey()
    await enrol(promise, key)
    text, _ = await promise.issue(**PASSKEY)
    cookie, view = await entered(promise, text)
    answer = key.sign(challenge_in(view.asked), *SITE)
    page = await promise.visits.confirm(cookie, answer, "0" * 32, client())
    assert (page.step, page.mishap) == ("release", "changed")
    assert (await promise.visits.release(cookie, view.echo, client())).payload == PAYLOAD


async def test_a_contact_that_changed_lets_even_the_first_passkey_rest(promise):
    promise.contact_changed = True
    key = SoftKey()
    assert (await enrol(promise, key)).rests_until_ms == promise.now_ms + AUTHENTICATOR_REST_S * 1_000
    text, _ = await promise.issue(**PASSKEY)
    _, view = await entered(promise, text)
    assert (view.step, view.mishap, view.asked) == ("passkey", "held", "")
    await promise.later(AUTHENTICATOR_REST_S)
    assert (await promise.visits.enter(text, client())).view.asked


async def test_the_fallback_is_a_code_like_any_other(promise):
    await enrol(promise, SoftKey())
    text, _ = await promise.issue(**SMS)
    cookie, view = await entered(promise, text)
    assert (view.step, view.fallback, view.destination) == ("passkey", "sms", "••• 78")
    view = await promise.visits.send_code(cookie, client())
    assert (view.step, view.method) == ("type", "sms")
    code = promise.code()
    wrong = await promise.visits.verify(cookie, other_code(code), view.echo, client())
    assert (wrong.step, wrong.mishap, wrong.tries_left) == ("type", "wrong_code", 9)
    assert (await promise.visits.verify(cookie, code, view.echo, client())).payload == PAYLOAD


async def test_an_unanswered_text_message_leads_back_to_the_passkey(promise):
    key = SoftKey()
    await enrol(promise, key)
    text, _ = await promise.issue(**SMS)
    cookie, view = await entered(promise, text)
    await promise.visits.send_code(cookie, client())
    await promise.later(CODE_LIFE_S)
    view = await promise.visits.look(cookie, client())
    assert view.step == "passkey"
    answer = key.sign(challenge_in(view.asked), *SITE)
    assert (await promise.visits.confirm(cookie, answer, view.echo, client())).payload == PAYLOAD


async def test_no_passkey_and_no_fallback_is_refused_at_the_door(promise):
    for given, pointer in (
        (PASSKEY, "/otp/method"),
        (PASSKEY | {"otp_fallback": "totp"}, "/otp/fallback"),
    ):
        refused = await promise.desk.issue(order(**given), BACKEND, None, b"{}")
        assert isinstance(refused, Problem)
        assert [fault.pointer for fault in refused.errors] == [pointer]
    text, _ = await promise.issue(**SMS)
    assert (await entered(promise, text))[1].step == "ask"


async def test_from_the_policys_value_on_a_token_must_ask_for_a_passkey(promise):
    promise.terms = Terms(passkey_minor=25_000)
    dear = Reward(face_value_minor=25_000, currency="EUR")
    for given, passes in (
        ({"reward": Reward(face_value_minor=24_999, currency="EUR")}, True),
        ({"reward": Reward(points=10**6)}, True),
        ({"reward": dear}, False),
        ({"reward": dear, "otp_method": "sms", "otp_to": "+4915112345678"}, False),
        ({"reward": dear} | SMS, True),
    ):
        told = await promise.desk.issue(order(**given), BACKEND, None, msgspec.json.encode(str(given)))
        assert isinstance(told, Problem) is not passes
    promise.terms = Terms()
    await promise.issue(reward=dear)


def test_a_policy_that_says_nothing_demands_no_passkey_and_a_programme_may_demand_one():
    text = 'name = "p"\n[programs.dear.tokens]\npasskey_minor = 25_000\n'
    file = parse(text)
    assert (file.terms("default").passkey_minor, file.terms("dear").passkey_minor) == (None, 25_000)


async def test_a_backend_gets_the_code_of_the_fallback_and_nothing_without(promise):
    await enrol(promise, SoftKey())
    text, _ = await promise.issue(**PASSKEY)
    for otp in (None, "123456"):
        told = await promise.redeem(text, otp)
        assert (told.status, "browser" in told.detail) == (409, True)
    text, _ = await promise.issue(**SMS)
    assert (await promise.redeem(text)).status == 409
    await promise.desk.send_code(text, "m-1", BACKEND)
    assert not isinstance(await promise.redeem(text, promise.code()), Problem)
