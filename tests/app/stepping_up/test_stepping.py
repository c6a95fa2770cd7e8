"""A challenge is passed once, by whoever it was meant for, and its points count exactly once, whatever dies between."""

from __future__ import annotations

import asyncio
from base64 import b32encode
from datetime import datetime

import pytest
from msgspec import UNSET
from pyotp import TOTP

from app.access import Principal
from app.answers import Decided200, Told
from app.explaining import Explainer
from app.ports.history import HotStoreAway
from app.ports.journal import StepUpPassed
from app.problems import Problem
from app.rebuilding import rebuild, wipe
from app.redeeming.desk import Caller
from app.stepping_up.asking import NO_CHALLENGE, NOTHING_SENT, TOLD_OTHERWISE, Sent, Verified
from app.stepping_up.stepping import PASSED
from app.store.valkey import ValkeyHistory
from detectors.event import Profile
from tests.app.installation import difference
from tests.app.redeeming.promise import other_code
from tests.app.stepping_up.stage import BACKEND, DAY_MS, NEW, OLD, named
from tokens.codes import DIGITS
from tokens.limits import TRIES_PER_CHALLENGE

HOUR_S = 3_600


async def sent(stage, decision) -> str:
    """A code is sent; what it is."""
    answer = await stage.send(decision)
    assert isinstance(answer, Sent), answer
    code = stage.letter().code
    assert DIGITS.fullmatch(code)
    return code


# ---------------------------------------------------------------- what is asked


async def test_a_challenge_names_itself_its_methods_and_its_end(stage):
    decision = await stage.challenged()
    [action] = decision["actions"]
    assert action["type"] == "step_up"
    assert action["challenge_id"] == "chl_" + decision["decision_id"][4:]
    assert action["methods"] == ["passkey", "totp", "sms_otp"]
    assert datetime.fromisoformat(action["expires_at"]).timestamp() * 1_000 == stage.now_ms + 900_000


async def test_nothing_else_asks_for_anything(stage):
    """Neither what is allowed nor what has already happened."""
    assert (await stage.event("redeem", points=5))["actions"] == []
    happened = await stage.event("redeem", points=777, origin="event")
    assert (happened["decision"], happened["actions"]) == ("challenge", [])


async def test_a_number_changed_within_72_hours_is_not_offered_and_the_older_one_is_used(stage):
    await stage.event("profile_change", ago_ms=DAY_MS, origin="event", profile=Profile(phone=NEW))
    decision = await stage.challenged()
    assert decision["actions"][0]["methods"] == ["passkey", "totp"]
    answer = await stage.send(decision)
    assert isinstance(answer, Sent)
    assert answer.destination == f"••• {OLD[-2:]}"
    assert stage.letter().to == OLD


async def test_a_number_that_has_stood_for_72_hours_is_the_channel(stage):
    await stage.event("profile_change", ago_ms=4 * DAY_MS, origin="event", profile=Profile(phone=NEW))
    decision = await stage.challenged()
    assert decision["actions"][0]["methods"] == ["passkey", "totp", "sms_otp"]
    await stage.send(decision)
    assert stage.letter().to == NEW


async def test_a_number_whose_change_was_taken_back_is_no_channel(stage):
    await stage.event("profile_change", ago_ms=5 * DAY_MS, profile=Profile(phone=NEW))
    await stage.installation.outcomes.tell(
        "default", (await _change(stage))["decision_id"], "reversed", "till"
    )
    await stage.installation.drain()
    decision = await stage.challenged()
    await stage.send(decision)
    assert stage.letter().to == NEW  # of the first change, which stands


async def _change(stage):
    return await stage.event("profile_change", ago_ms=4 * DAY_MS, profile=Profile(phone="+4917012345603"))


async def test_a_member_with_a_new_number_alone_is_told_what_is_left(stage):
    await stage.event("signup", ago_ms=DAY_MS, origin="event", account_id="m-2", profile=Profile(phone=NEW))
    decision = await stage.challenged(account_id="m-2")
    nothing = await stage.send(decision)
    assert (nothing.status, "nothing" in nothing.detail) == (409, True)
    stage.app(account_id="m-2")
    app_left = await stage.send(decision)
    assert (app_left.status, app_left.detail.endswith("Left: totp.")) == (409, True)
    assert stage.outbox.take(stage.now_ms, 9, 1) == []


@pytest.mark.parametrize(
    "unknown", ["chl_0" + "ab" * 16, "chl_", "", "dec_0" + "ab" * 16, "💥", "chl_X" + "ab" * 16]
)
async def test_what_is_no_challenge_is_not_found(stage, unknown):
    assert await stage.stepping.send(unknown, "sms_otp", BACKEND) == NO_CHALLENGE
    assert await stage.stepping.verify(unknown, "123456", None, BACKEND) == NO_CHALLENGE


async def test_a_foreign_challenge_and_one_that_was_never_asked_for_are_not_found_either(stage):
    mine = await stage.challenged()
    other = Caller(Principal("k1", "shop", frozenset({"score"}), "other", frozenset()), "192.0.2.1")
    assert await stage.stepping.send(named(mine), "sms_otp", other) == NO_CHALLENGE
    allowed = await stage.event("redeem", points=5)
    name = "chl_" + allowed["decision_id"][4:]
    assert await stage.stepping.verify(name, "123456", None, BACKEND) == NO_CHALLENGE


# ---------------------------------------------------------------- passing


async def test_a_passed_redemption_is_allowed_burned_told_and_explained(stage):
    decision = await stage.challenged()
    assert await stage.burned() == 0
    code = await sent(stage, decision)
    assert await stage.verify(decision, code) == PASSED
    assert await stage.burned() == 777
    await stage.installation.drain()
    row = stage.row(decision)
    assert (row.decision, row.burned, row.passed_ms, row.passed_method) == (
        "allow", 777, stage.now_ms, "sms_otp",
    )  # fmt: skip
    account = stage.installation.record.account("default", "m-1")
    assert (account.redeemed_points, account.decisions["allow"], account.decisions["challenge"]) == (
        777,
        2,
        0,
    )
    explain = Explainer(stage.installation.record, stage.installation.policy).explain
    analyst = await explain("default", row.decision_id, "analyst", "en")
    assert analyst.decision == "allow"
    assert "passed by sms_otp" in analyst.summary
    member = await explain("default", row.decision_id, "member", "de")
    assert (member.decision, member.summary) == ("allow", "Sie haben bestätigt, dass Sie es waren.")
    assert stage.audited()[-1] == ("challenge.passed", named(decision))


async def test_the_answer_to_the_event_stays_byte_for_byte(stage):
    decision = await stage.challenged()
    before = stage.row(decision).answer
    await stage.verify(decision, await sent(stage, decision))
    await stage.installation.drain()
    event = stage.installation.record.event("default", decision["event_id"])
    assert await stage.installation.scorer.decide(event, "decision") == Decided200(before, repeated=True)
    assert stage.row(decision).answer == before


async def test_an_earn_counts_once_it_is_passed(stage):
    decision = await stage.challenged("earn")
    await stage.verify(decision, await sent(stage, decision))
    assert (await stage.totals())["earn"] == 777
    await stage.installation.drain()
    assert stage.installation.record.account("default", "m-1").earned_points == 777


async def test_an_app_proves_it_without_anything_sent(stage):
    seed = stage.app()
    decision = await stage.challenged()
    assert await stage.send(decision, "totp") == NOTHING_SENT
    code = TOTP(_base32(seed)).at(stage.now_ms // 1_000)
    assert await stage.verify(decision, code) == PASSED
    assert stage.outbox.take(stage.now_ms, 9, 1) == []


def _base32(seed: bytes) -> str:
    return b32encode(seed).decode()


async def test_an_app_of_the_last_72_hours_proves_nothing(stage):
    seed = stage.app(ago_days=2)
    decision = await stage.challenged()
    answer = await stage.verify(decision, TOTP(_base32(seed)).at(stage.now_ms // 1_000), "totp")
    assert (answer.status, answer.decision) == ("failed", "challenge")


async def test_repeating_gives_the_same_answer_and_counts_once(stage):
    decision = await stage.challenged()
    code = await sent(stage, decision)
    assert await stage.verify(decision, code) == PASSED
    assert await stage.verify(decision, code) == PASSED
    await stage.installation.drain()
    stage.later(HOUR_S)
    assert await stage.verify(decision, "000000") == PASSED
    assert await stage.burned() == 777


async def test_of_sixteen_verifies_of_the_right_code_one_passes_and_all_are_told_so(stage):
    """In two processes at once."""
    decision = await stage.challenged()
    code = await sent(stage, decision)
    processes = (stage.stepping, stage.another())
    told = await asyncio.gather(
        *(processes[n % 2].verify(named(decision), code, None, BACKEND) for n in range(16))
    )
    assert told == [PASSED] * 16
    await stage.installation.drain()
    passes = [one for one, _ in stage.installation.record.replay() if isinstance(one, StepUpPassed)]
    assert len(passes) == 1
    assert await stage.burned() == 777


async def test_a_pass_and_a_cancellation_at_once_leave_points_that_fit_what_was_told(stage):
    for n in range(8):
        decision = await stage.challenged(account_id="m-1")
        code = await sent(stage, decision)
        before = await stage.burned()
        verify = stage.verify(decision, code)
        tell = stage.installation.outcomes.tell("default", decision["decision_id"], "cancelled", "till")
        if n % 2:
            passed, cancelled = await asyncio.gather(verify, tell)
        else:
            cancelled, passed = await asyncio.gather(tell, verify)
        assert cancelled == Told("cancelled")
        assert passed in (PASSED, TOLD_OTHERWISE)
        assert await stage.burned() == before
        await stage.installation.drain()
        row = stage.row(decision)
        assert row.burned is None
        assert row.decision == ("allow" if passed == PASSED else "challenge")
        stage.later(2 * HOUR_S)


async def test_what_was_cancelled_can_no_longer_be_passed_and_what_was_completed_burns_once(stage):
    decision = await stage.challenged()
    code = await sent(stage, decision)
    tell = stage.installation.outcomes.tell
    await tell("default", decision["decision_id"], "completed", "till")
    assert await stage.burned() == 777
    assert await stage.verify(decision, code) == PASSED
    await stage.installation.drain()
    assert (await stage.burned(), stage.row(decision).burned) == (777, 777)
    await tell("default", decision["decision_id"], "reversed", "till")
    await stage.installation.drain()
    assert (await stage.burned(), stage.row(decision).burned) == (0, None)
    later = await stage.challenged()
    stage.later(61)
    code = await sent(stage, later)
    await tell("default", later["decision_id"], "cancelled", "till")
    assert await stage.verify(later, code) == TOLD_OTHERWISE


# ---------------------------------------------------------------- failing


async def test_wrong_codes_are_told_counted_and_felt_as_failed_logins(stage):
    decision = await stage.challenged()
    code = await sent(stage, decision)
    wrong = await stage.verify(decision, other_code(code))
    assert (wrong.status, wrong.decision, wrong.tries_left) == ("failed", "challenge", 9)
    await stage.installation.drain()
    fails = stage.installation.record.timeline("default", "m-1", limit=9, cursor=None).items
    [felt] = [one.event for one in fails if one.event.type == "login_failed"]
    assert (felt.event_id, felt.device.id, felt.ip) == (f"{named(decision)}-1", "d-1", "192.0.2.9")
    assert ("challenge.failed", named(decision)) in stage.audited()
    assert await stage.verify(decision, code) == PASSED


async def test_ten_wrong_codes_are_the_end(stage):
    """Over all codes and sessions: then the right one proves nothing either."""
    decision = await stage.challenged()
    keys = [
        Caller(Principal(f"k{n}", "shop", frozenset({"score"}), "default", frozenset()), "192.0.2.1")
        for n in range(4)
    ]
    for n in range(10):
        if n % TRIES_PER_CHALLENGE == 0:
            stage.later(61)
            code = await sent(stage, decision)
        answer = await stage.stepping.verify(named(decision), other_code(code), None, keys[n // 4])
        assert answer.status == "locked" if n == 9 else answer.tries_left == 9 - n, (n, answer)
        if answer.retry_after_s is not UNSET:
            stage.later(min(answer.retry_after_s, 60))
    answer = await stage.stepping.verify(named(decision), code, None, keys[3])
    assert (answer.status, answer.decision) == ("locked", "challenge")
    assert (await stage.send(decision)).status == 423


async def test_an_expired_challenge_is_told_so_and_sends_nothing(stage):
    decision = await stage.challenged()
    stage.later(850)
    code = await sent(stage, decision)
    stage.later(50)
    assert await stage.verify(decision, code) == Verified(status="expired", decision="challenge")
    assert (await stage.send(decision)).status == 409
    assert await stage.burned() == 0


async def test_a_code_sent_too_soon_waits(stage):
    decision = await stage.challenged()
    answer = await stage.send(decision)
    again = await stage.send(decision)
    assert isinstance(again, Problem)
    assert (again.status, again.retry_after_s, answer.resend_after_s) == (429, 60, 60)
    stage.later(60)
    assert (await stage.send(decision)).resend_after_s == 120


# ---------------------------------------------------------------- dying


class Dying(ValkeyHistory):
    """A process that dies before or after the move it makes."""

    before = True

    async def pass_step_up(self, *move):
        if not self.before:
            await super().pass_step_up(*move)
        raise HotStoreAway("the process died")


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_who_dies_between_the_proof_and_the_journal_is_caught_up_with(stage, before):
    decision = await stage.challenged()
    code = await sent(stage, decision)
    dying = Dying(stage.pipeline)
    dying.before = before
    stage.stepping._history = dying
    with pytest.raises(HotStoreAway):
        await stage.verify(decision, code)
    stage.stepping = stage.another()
    assert await stage.verify(decision, code) == PASSED
    await stage.installation.drain()
    assert (await stage.burned(), stage.row(decision).burned) == (777, 777)


async def test_a_rebuild_counts_a_pass_once(stage):
    for kind in ("redeem", "earn"):
        decision = await stage.challenged(kind)
        await stage.verify(decision, await sent(stage, decision))
        stage.later(600)
    await stage.installation.drain()
    before = await stage.installation.entities()
    await wipe(stage.pipeline)
    await rebuild(stage.pipeline, stage.installation.record, stage.installation.sighter, lambda _a, _b: None)
    assert difference(await stage.installation.entities(), before) == []
    assert (await stage.totals())["burn"] == (await stage.totals())["earn"] == 777


@pytest.mark.parametrize("kind", ["redeem", "earn"])
async def test_a_pass_during_a_rebuild_counts_once(stage, kind):
    """It was counted live; the rebuild meets it in the record and leaves it."""
    decision = await stage.challenged(kind)
    code = await sent(stage, decision)
    await wipe(stage.pipeline)
    await stage.verify(decision, code)
    await stage.installation.drain()
    await rebuild(stage.pipeline, stage.installation.record, stage.installation.sighter, lambda _a, _b: None)
    assert (await stage.totals())["burn" if kind == "redeem" else "earn"] == 777


async def test_entries_read_again_after_a_crash_are_recorded_once(stage):
    decision = await stage.challenged()
    await stage.verify(decision, await sent(stage, decision))
    await stage.installation.drain()
    passed = [one for one, _ in stage.installation.record.replay() if isinstance(one, StepUpPassed)]
    stage.installation.record.append(passed)
    account = stage.installation.record.account("default", "m-1")
    assert (account.redeemed_points, account.decisions["challenge"]) == (777, 0)
    assert [name for name, _ in stage.audited()].count("challenge.passed") == 1
