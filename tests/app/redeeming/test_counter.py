"""Redeeming from a backend: once, for the right account, with the right code, and the same answer to the same call."""

from __future__ import annotations

import msgspec
import pytest

from app.ports.record import RecordAway
from app.problems import Problem
from app.redeeming.desk import Answer
from tests.app.redeeming.promise import BACKEND, PAYLOAD, START_MS, other_code
from tokens.limits import REPLAY_S, TRIES_PER_SUBJECT, VAULT_KEY_KEPT_S


def problem(told, status):
    """It is this problem, and holds nothing of what was promised."""
    assert isinstance(told, Problem), told
    assert told.status == status
    assert "CANARY" not in told.detail
    return told


async def test_a_token_pays_out_once_to_whoever_is_first(promise):
    text, issued = await promise.issue()
    answer = await promise.redeem(text)
    told = msgspec.json.decode(answer.body)
    assert told["token_id"] == issued["token_id"]
    assert told["reward"] == {
        "reward_id": "coffee", "points": 500, "face_value_minor": 1_000, "currency": "EUR", "payload": PAYLOAD,
    }  # fmt: skip
    again = problem(await promise.redeem(text, key="key-2"), 409)
    assert told["redemption_id"] in again.detail


async def test_the_same_call_hears_the_same_answer_for_ten_minutes(promise):
    text, _ = await promise.issue()
    first = await promise.redeem(text)
    await promise.later(REPLAY_S - 1)
    again = await promise.redeem(text)
    assert (again.body, again.replayed) == (first.body, True)
    await promise.later(2)
    problem(await promise.redeem(text), 409)


async def test_the_same_key_with_another_body_is_another_call(promise):
    text, _ = await promise.issue()
    other, _ = await promise.issue()
    assert isinstance(await promise.redeem(text), Answer)
    problem(await promise.redeem(text, body=b'{"other": 1}'), 409)
    problem(await promise.redeem(other), 409)
    assert isinstance(await promise.redeem(other, key="its own"), Answer)


async def test_whatever_is_not_to_be_redeemed_gets_one_and_the_same_answer(promise):
    revoked, issued = await promise.issue()
    await promise.desk.revoke(issued["token_id"], BACKEND)
    expired, _ = await promise.issue(expires_in_s=300)
    mine, _ = await promise.issue(expires_in_s=1_000)
    await promise.later(300)
    foreign = await promise.desk.redeem(
        mine,
        None,
        "m-1",
        BACKEND._replace(principal=BACKEND.principal._replace(program_id="other")),
        "k",
        b"{}",
    )
    refused = [
        await promise.redeem(revoked), await promise.redeem(expired), await promise.redeem(mine, account_id="m-2"),
        await promise.redeem(mine + "="), await promise.redeem("a.b"), await promise.redeem(""), foreign,
    ]  # fmt: skip
    assert all(problem(one, 404) == refused[0] for one in refused)
    assert isinstance(await promise.redeem(mine), Answer)


async def test_a_token_of_tomorrow_is_too_early_today(promise):
    text, _ = await promise.issue(not_before_ms=START_MS + 600_000)
    problem(await promise.redeem(text), 425)
    await promise.later(600)
    assert isinstance(await promise.redeem(text), Answer)


async def test_the_code_that_was_sent_and_no_other_redeems(promise):
    text, _ = await promise.issue(otp_method="sms", otp_to="+4915112345678")
    problem(await promise.redeem(text), 401)
    problem(await promise.redeem(text, "123456"), 401)
    sent = msgspec.json.decode((await promise.desk.send_code(text, "m-1", BACKEND)).body)
    assert sent["destination"] == "••• 78"
    code = promise.code()
    problem(await promise.redeem(text, other_code(code)), 401)
    answer = await promise.redeem(text, code)
    assert isinstance(answer, Answer)
    assert code.encode() not in answer.body


async def test_ten_wrong_codes_freeze_a_token_and_not_one_fewer(promise):
    """Over two codes, since one code takes five tries; a new code resets nothing. Waiting as told in between."""
    text, _ = await promise.issue(otp_method="sms", otp_to="+4915112345678", expires_in_s=86_400)
    statuses = []
    for _ in range(2):
        assert isinstance(await promise.desk.send_code(text, "m-1", BACKEND), Answer)
        code = promise.code()
        for _ in range(5):
            told = await promise.redeem(text, other_code(code))
            statuses.append(told.status)
            await promise.later(10)
        await promise.later(1_000)
    assert statuses == [401] * (TRIES_PER_SUBJECT - 1) + [423]
    problem(await promise.redeem(text, code), 423)
    problem(await promise.desk.send_code(text, "m-1", BACKEND), 423)


async def test_an_app_is_enrolled_once_and_its_step_used_once(promise):
    import pyotp  # noqa: PLC0415 - what a member's telephone has

    app, address = await promise.desk.enrol("m-1", BACKEND)
    phone = pyotp.parse_uri(address)
    assert await promise.desk.confirm("m-1", app.authenticator_id, "000000", BACKEND) is False
    enrolment = phone.at(promise.now_ms // 1_000)
    assert await promise.desk.confirm("m-1", app.authenticator_id, enrolment, BACKEND) is True
    first, _ = await promise.issue(otp_method="totp")
    second, _ = await promise.issue(otp_method="totp")
    problem(await promise.redeem(first, enrolment), 401)
    await promise.later(31)
    code = phone.at(promise.now_ms // 1_000)
    assert isinstance(await promise.redeem(first, code), Answer)
    problem(await promise.redeem(second, code, key="key-2"), 401)
    await promise.later(30)
    assert isinstance(await promise.redeem(second, phone.at(promise.now_ms // 1_000), key="key-2"), Answer)


async def test_an_app_that_took_anothers_place_proves_nothing_for_three_days(promise):
    import pyotp  # noqa: PLC0415 - what a member's telephone has

    async def enrol():
        app, address = await promise.desk.enrol("m-1", BACKEND)
        phone = pyotp.parse_uri(address)
        await promise.later(60)
        assert await promise.desk.confirm(
            "m-1", app.authenticator_id, phone.at(promise.now_ms // 1_000), BACKEND
        )
        await promise.later(60)
        return phone

    await enrol()
    text, _ = await promise.issue(otp_method="totp", expires_in_s=1_209_600)
    thief = await enrol()
    assert problem(await promise.redeem(text, thief.at(promise.now_ms // 1_000)), 409).detail.startswith(
        "On hold"
    )
    await promise.later(72 * 3_600)
    assert isinstance(await promise.redeem(text, thief.at(promise.now_ms // 1_000)), Answer)


async def test_a_content_whose_key_is_gone_uses_nothing_up(promise, monkeypatch):
    """The server's key is not to be had: 503 (RecordAway), and the token is redeemed when it is there again."""
    text, issued = await promise.issue()
    monkeypatch.setattr(promise.rings, "vault_key", lambda _: None)
    with pytest.raises(RecordAway):
        await promise.redeem(text)
    assert (await promise.desk.token("default", issued["token_id"])).state == "issued"
    monkeypatch.undo()
    assert isinstance(await promise.redeem(text), Answer)


async def test_a_daily_key_outlives_the_longest_token_and_no_longer(promise):
    text, _ = await promise.issue(expires_in_s=1_209_600)
    await promise.later(1_209_599)
    promise.ledger.sweep(promise.now_ms, 1_000)
    assert isinstance(await promise.redeem(text), Answer)
    await promise.later(VAULT_KEY_KEPT_S - 1_209_599 + 1)
    promise.ledger.sweep(promise.now_ms, 1_000)
    assert promise.rings.vault_key("2026-03-01") is None


@pytest.mark.parametrize("garbage", ["another", "not a code"])
async def test_a_code_passed_before_opens_nothing_to_whoever_types_another(promise, garbage):
    """Its redemption was refused, so the proof waits for the caller to come again: with that code, and no other."""
    first, _ = await promise.issue()
    assert isinstance(await promise.redeem(first, key="taken"), Answer)
    text, _ = await promise.issue(otp_method="sms", otp_to="+4915112345678")
    await promise.desk.send_code(text, "m-1", BACKEND)
    code = promise.code()
    assert (await promise.redeem(text, code, key="taken", body=b"other")).status == 409
    typed = other_code(code) if garbage == "another" else garbage
    assert (await promise.redeem(text, typed, key="thief")).status == 401
    assert isinstance(await promise.redeem(text, code, key="member"), Answer)
