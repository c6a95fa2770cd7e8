"""The law of sending and trying codes, one caller after another."""

import pytest

from app.store.sql.token_tables import otp_challenges, otp_counts, otp_subjects
from tests.app.store.codes import (
    CLIENT,
    DAY_MS,
    HOUR_MS,
    MEMBER,
    NOW_MS,
    OTHER_CLIENT,
    OTHER_SESSION,
    SESSION,
    Codes,
)
from tokens.challenges import Counted, NewChallenge, Subject, Wait

MINUTE_MS = 60_000


@pytest.fixture
def codes(engine):
    return Codes(engine)


def test_a_sent_code_is_held_for_its_session_and_waits_in_the_outbox(codes):
    token = codes.token()
    sent = codes.send(token)
    assert isinstance(sent, NewChallenge)
    held = codes.challenges.challenge(token, SESSION)
    assert (held.challenge_id, held.code_hash, held.digits, held.reference, held.tries, held.verified_ms) == (
        sent.challenge_id,
        sent.code_hash,
        6,
        "K7",
        0,
        None,
    )
    assert codes.challenges.challenge(token, OTHER_SESSION) is None
    assert codes.row(token).state == "challenged"
    [taken] = codes.outbox.take(NOW_MS, 10, 1_000)
    assert (taken.message.kind, taken.message.token_hash, taken.message.sealed) == (
        "sms",
        token.hash,
        b"canary",
    )
    assert codes.events() == ["otp.sent"]


@pytest.mark.parametrize("state", ["redeemed", "revoked", "expired", "frozen"])
def test_nothing_is_sent_or_tried_for_a_token_that_is_over(codes, state):
    token = codes.token()
    challenge = codes.send(token)
    codes.change(token, state=state)
    before = codes.everything()
    told = "frozen" if state == "frozen" else "not_live"
    assert codes.send(token, NOW_MS + HOUR_MS) == told
    assert codes.count(token, challenge) == told
    assert codes.everything() == before


def test_a_token_ends_at_the_very_millisecond_of_its_expiry(codes):
    token = codes.token(expires_ms=NOW_MS + 2 * HOUR_MS)
    assert codes.send(token, NOW_MS + 2 * HOUR_MS) == "not_live"
    challenge = codes.send(token, NOW_MS + 2 * HOUR_MS - 1)
    assert codes.count(token, challenge, NOW_MS + 2 * HOUR_MS) == "not_live"
    assert isinstance(codes.count(token, challenge, NOW_MS + 2 * HOUR_MS - 1), Counted)


def test_the_waits_between_codes_are_one_two_and_five_minutes_three_an_hour_and_five_in_all(codes):
    token, now_ms, said = codes.token(), NOW_MS, []
    for _ in range(9):
        answer = codes.send(token, now_ms)
        said.append(answer if isinstance(answer, Wait | str) else "sent")
        if isinstance(answer, Wait):
            assert not isinstance(codes.send(token, now_ms + answer.seconds * 1_000 - 1), NewChallenge)
            now_ms += answer.seconds * 1_000
    assert said == [
        "sent",
        Wait(60, "resend"),
        "sent",
        Wait(120, "resend"),
        "sent",
        Wait(300, "resend"),
        Wait(3_600 - 480, "hour"),
        "sent",
        Wait(300, "resend"),
    ]
    assert isinstance(codes.send(token, now_ms), NewChallenge)
    assert codes.send(token, now_ms + 10 * HOUR_MS) == "sends_spent"


def test_one_number_gets_ten_codes_a_day_whoever_asks(codes):
    for n in range(10):
        assert isinstance(codes.send(codes.token(f"m-{n}", f"p-{n}"), NOW_MS + n * HOUR_MS), NewChallenge)
    token = codes.token("m-x")
    wait = codes.send(token, NOW_MS + 10 * HOUR_MS)
    assert wait.limit == "recipient"
    back_ms = NOW_MS + 10 * HOUR_MS + wait.seconds * 1_000
    assert NOW_MS + DAY_MS < back_ms <= NOW_MS + DAY_MS + HOUR_MS + 1_000
    assert codes.send(token, back_ms - 2_000).limit == "recipient"
    assert isinstance(codes.send(codes.token("m-y"), NOW_MS, to=b"another"), NewChallenge)
    assert isinstance(codes.send(token, back_ms), NewChallenge)


def test_a_programme_sends_as_many_a_day_as_its_policy_says(codes):
    assert isinstance(codes.send(codes.token(), most=1), NewChallenge)
    assert codes.send(codes.token(), most=1, to=b"2").limit == "programme"
    assert isinstance(codes.send(codes.token(program_id="other"), most=1, to=b"3"), NewChallenge)
    never = codes.send(codes.token(program_id="none"), most=0, to=b"4")
    assert never == Wait(86_400, "programme")


def test_a_refused_send_changes_nothing(codes):
    token = codes.token()
    codes.send(token)
    before = codes.everything()
    assert codes.send(token, NOW_MS + 1).limit == "resend"
    assert codes.send(codes.token(state="revoked")) == "not_live"
    assert codes.send(codes.token(), most=1).limit == "programme"
    after = codes.everything()
    assert {name: rows for name, rows in after.items() if name != "tokens"} == {
        name: rows for name, rows in before.items() if name != "tokens"
    }


def test_a_new_code_voids_the_one_before_and_never_gives_tries_back(codes):
    token = codes.token()
    first = codes.send(token)
    codes.fail(token, first, NOW_MS)
    second = codes.send(token, NOW_MS + MINUTE_MS, session=OTHER_SESSION)
    assert codes.count(token, first, NOW_MS + MINUTE_MS) == "code_gone"
    counted = codes.count(token, second, NOW_MS + MINUTE_MS, session=OTHER_SESSION)
    assert (counted.code_hash, counted.tries_left) == (second.code_hash, 8)


def test_a_code_is_of_no_use_to_another_session_subject_or_time(codes):
    token, other = codes.token(), codes.token()
    challenge = codes.send(token)
    before = codes.everything()
    assert codes.count(token, challenge, session=OTHER_SESSION) == "code_gone"
    assert codes.count(other, challenge) == "code_gone"
    assert codes.count(token, challenge, challenge.expires_ms) == "code_gone"
    assert codes.everything() == before


def test_the_right_code_passes_after_fails_and_takes_its_own_try_back_everywhere(codes):
    token = codes.token()
    challenge = codes.send(token)
    assert codes.fail(token, challenge) is None
    assert codes.fail(token, challenge, NOW_MS) == Wait(1, "backoff")
    counted = codes.count(token, challenge, NOW_MS + 3_000)
    assert counted.tries_left == 7
    assert codes.challenges.passed(token, counted, CLIENT, None, MEMBER, NOW_MS + 3_000)
    assert codes.row(token).state == "verified"
    assert codes.challenges.challenge(token, SESSION).verified_ms == NOW_MS + 3_000
    assert codes.total(otp_subjects.c.tries) == 2
    assert codes.total(otp_challenges.c.tries) == 2
    assert codes.total(otp_counts.c.count, otp_counts.c.what == "account") == 2
    assert codes.events() == ["otp.sent", "otp.failed", "otp.failed", "otp.verified"]


def test_a_passed_code_is_used_and_only_the_first_call_passed_it(codes):
    token = codes.token()
    challenge = codes.send(token)
    one, two = codes.count(token, challenge), codes.count(token, challenge)
    assert codes.challenges.passed(token, one, CLIENT, None, MEMBER, NOW_MS)
    assert not codes.challenges.passed(token, two, CLIENT, None, MEMBER, NOW_MS)
    assert codes.count(token, challenge) == "code_gone"
    assert codes.total(otp_subjects.c.tries) == 1  # the second was counted and stays so


@pytest.mark.parametrize("meanwhile", ["revoked", "replaced", "redeemed"])
def test_a_right_code_is_too_late_once_its_token_or_itself_is_gone(codes, meanwhile):
    token = codes.token()
    counted = codes.count(token, codes.send(token))
    if meanwhile == "replaced":
        codes.send(token, NOW_MS + MINUTE_MS)
    else:
        codes.change(token, state=meanwhile)
    before = codes.everything()
    assert not codes.challenges.passed(token, counted, CLIENT, None, MEMBER, NOW_MS)
    assert codes.everything() == before


def test_the_back_off_doubles_and_is_told(codes):
    token = codes.token()
    challenge, now_ms = codes.send(token), NOW_MS
    assert codes.fail(token, challenge) is None
    for seconds in (1, 2, 4):
        assert codes.fail(token, challenge, now_ms) == Wait(seconds, "backoff")
        assert codes.count(token, challenge, now_ms) == Wait(seconds, "backoff")
        now_ms += seconds * 1_000
        assert codes.count(token, challenge, now_ms - 1) == Wait(1, "backoff")


def test_five_tries_spend_a_challenge(codes):
    token = codes.token()
    challenge, now_ms = codes.send(token), NOW_MS
    for n in range(5):
        now_ms += MINUTE_MS // 2
        led_to = codes.fail(token, challenge, now_ms, client=b"%d" % n)
    assert led_to == "tries_spent"
    assert codes.count(token, challenge, now_ms + MINUTE_MS, client=b"new") == "tries_spent"


def test_a_client_that_failed_five_times_waits_a_quarter_of_an_hour_and_nobody_else(codes):
    token = codes.token()
    challenge, now_ms = codes.send(token), NOW_MS
    for _ in range(5):
        led_to = codes.fail(token, challenge, now_ms)
        now_ms += 20_000
    assert led_to == Wait(900, "client")
    last_ms = now_ms - 20_000
    again = codes.send(token, now_ms)
    assert codes.count(token, again, now_ms) == Wait(880, "client")
    assert isinstance(codes.count(token, again, now_ms, client=OTHER_CLIENT), Counted)
    assert isinstance(
        codes.count(codes.token(), again, now_ms), str
    )  # counted by subject: no wait at another
    later = codes.send(token, last_ms + 899_999)
    assert codes.count(token, later, last_ms + 899_999).limit == "client"
    assert isinstance(codes.count(token, later, last_ms + 900_000), Counted)


def test_the_token_freezes_at_the_tenth_fail_and_keeps_its_content(codes):
    token = codes.token()
    now_ms = codes.spend(token, 9)
    assert codes.row(token).state == "challenged"
    challenge = codes.send(token, now_ms + HOUR_MS)
    assert codes.fail(token, challenge, now_ms + HOUR_MS, client=b"last") == "frozen"
    row = codes.row(token)
    assert (row.state, row.ended_ms, row.wrapped_key, row.ciphertext) == ("frozen", None, b"w", b"x")
    assert codes.count(token, challenge, now_ms + HOUR_MS + MINUTE_MS, client=b"any") == "frozen"
    assert codes.events().count("otp.failed") == 10
    assert codes.events()[-2:] == ["otp.failed", "token.frozen"]


def test_the_tenth_try_can_still_be_the_right_one(codes):
    token = codes.token()
    now_ms = codes.spend(token, 9) + HOUR_MS
    challenge = codes.send(token, now_ms)
    counted = codes.count(token, challenge, now_ms, client=b"last")
    assert counted.tries_left == 0
    assert codes.challenges.passed(token, counted, b"last", None, MEMBER, now_ms)


def test_a_try_whose_process_died_stays_counted(codes):
    token = codes.token()
    challenge = codes.send(token)
    for left in (9, 8, 7, 6, 5):
        assert codes.count(token, challenge).tries_left == left
    assert codes.count(token, challenge) == "tries_spent"


def test_an_account_has_thirty_tries_a_day_over_all_its_tokens(codes):
    now_ms = NOW_MS
    for n in range(3):
        now_ms = codes.spend(codes.token(), 10, now_ms, to=b"%d" % n)
    token = codes.token()
    challenge = codes.send(token, now_ms)
    before = codes.everything()
    wait = codes.count(token, challenge, now_ms)
    assert wait.limit == "account"
    assert codes.everything() == before
    other = codes.token("m-2")
    assert isinstance(codes.count(other, codes.send(other, now_ms, to=b"o"), now_ms), Counted)
    back_ms = now_ms + wait.seconds * 1_000
    assert back_ms > NOW_MS + DAY_MS
    again = codes.send(token, back_ms)
    assert isinstance(codes.count(token, again, back_ms), Counted)


def test_a_decision_is_proven_without_a_token(codes):
    decision = Subject("decision", b"d" * 32, "default", "m-1")
    challenge = codes.send(decision)
    counted = codes.count(decision, challenge)
    assert counted.tries_left == 9
    assert codes.challenges.passed(decision, counted, CLIENT, None, MEMBER, NOW_MS)
    [taken] = codes.outbox.take(NOW_MS, 1, 1)
    codes.outbox.sent([taken.message.message_id], NOW_MS)
    assert codes.events() == ["otp.sent", "otp.verified", "message.sent"]


def test_a_decision_out_of_tries_is_out_for_good(codes):
    decision = Subject("decision", b"d" * 32, "default", "m-1")
    now_ms = codes.spend(decision, 10)
    assert codes.send(decision, now_ms + HOUR_MS) == "frozen"
    assert "token.frozen" not in codes.events()


def test_a_challenge_and_a_token_share_the_tries_of_their_account(codes):
    """Thirty in a day over both: guessing at decisions leaves no more guesses at tokens."""
    now_ms = NOW_MS
    for name in (b"d", b"e", b"f"):
        now_ms = codes.spend(Subject("decision", name * 32, "default", "m-1"), 10, now_ms)
    token = codes.token()
    wait = codes.count(token, codes.send(token, now_ms), now_ms)
    assert isinstance(wait, Wait)
    assert wait.limit == "account"
