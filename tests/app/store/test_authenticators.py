"""The law of authenticator apps: sealed, used once a step, replaced with a rest, disabled after a hundred fails."""

import pytest
from sqlalchemy import select

from app.store.sql.tables import account_keys
from app.store.sql.token_tables import authenticators, otp_subjects
from tests.app.store.codes import CLIENT, MEMBER, NOW_MS, OTHER_SESSION, SESSION, Codes, race
from tokens.challenges import Counted, Wait
from tokens.limits import AUTHENTICATOR_REST_S, CODE_LIFE_S, VERIFIED_FOR_S

REST_MS = AUTHENTICATOR_REST_S * 1_000
STEP = NOW_MS // 30_000


@pytest.fixture
def codes(engine):
    return Codes(engine)


def begin(codes, token, app, now_ms=NOW_MS, session=SESSION):
    return codes.challenges.begin(token, session, app.authenticator_id, now_ms)


def seeds(codes):
    with codes.engine.connect() as connection:
        return dict(
            connection.execute(select(authenticators.c.authenticator_id, authenticators.c.sealed_seed)).all()
        )


def test_an_app_counts_once_its_first_code_was_right(codes):
    enrolled = codes.enrol()
    assert codes.challenges.authenticator("default", "m-1") is None
    assert codes.challenges.authenticator_of("default", "m-1", "app-1") == enrolled
    assert codes.challenges.confirm("app-1", STEP, MEMBER, NOW_MS + 5)
    app = codes.challenges.authenticator("default", "m-1")
    assert (app.seed, app.confirmed_ms, app.last_step, app.replaced) == (
        enrolled.seed,
        NOW_MS + 5,
        STEP,
        False,
    )
    assert not codes.challenges.confirm("app-1", STEP + 1, MEMBER, NOW_MS)
    assert not codes.challenges.confirm("nobody's", STEP, MEMBER, NOW_MS)
    assert codes.events() == ["authenticator.enrolled", "authenticator.confirmed"]


def test_an_app_is_its_own_accounts_only(codes):
    codes.app()
    assert codes.challenges.authenticator("default", "m-2") is None
    assert codes.challenges.authenticator("other", "m-1") is None
    assert codes.challenges.authenticator_of("default", "m-2", "app-1") is None
    assert not codes.challenges.forget_authenticator("default", "m-2", "app-1", MEMBER, NOW_MS)


def test_a_seed_is_sealed_and_gone_with_its_account(codes):
    app = codes.app()
    assert app.seed not in seeds(codes)["app-1"]
    with codes.engine.begin() as connection:
        connection.execute(account_keys.delete())
    assert codes.challenges.authenticator("default", "m-1") is None
    assert codes.challenges.authenticator_of("default", "m-1", "app-1") is None


def test_a_confirmed_app_takes_the_place_of_the_others_and_destroys_their_seeds(codes):
    codes.app("old")
    codes.enrol("begun")
    new = codes.app("new", step=STEP, now_ms=NOW_MS + 1)
    assert new.authenticator_id == "new"
    assert new.replaced
    assert {name for name, seed in seeds(codes).items() if seed} == {"new"}
    assert codes.challenges.authenticator_of("default", "m-1", "old") is None
    assert not codes.challenges.confirm("begun", STEP, MEMBER, NOW_MS + 2)


def test_forgetting_the_old_app_first_is_no_way_around_the_rest_of_a_replaced_one(codes):
    codes.app("old")
    assert codes.challenges.forget_authenticator("default", "m-1", "old", MEMBER, NOW_MS)
    assert not seeds(codes)["old"]
    assert not codes.challenges.forget_authenticator("default", "m-1", "old", MEMBER, NOW_MS)
    assert codes.app("new", now_ms=NOW_MS + REST_MS - 1).replaced
    assert codes.challenges.forget_authenticator("default", "m-1", "new", MEMBER, NOW_MS + REST_MS)
    assert not codes.app("third", now_ms=NOW_MS + 2 * REST_MS).replaced


def test_of_two_apps_confirmed_at_once_one_is_left(codes):
    for n in range(4):
        codes.enrol(f"app-{n}")
    confirmed = race(4, lambda n: codes.challenges.confirm(f"app-{n}", STEP, MEMBER, NOW_MS + n))
    assert confirmed.count(True) == 1
    assert sum(bool(seed) for seed in seeds(codes).values()) == 1


def test_a_session_keeps_its_challenge_while_it_can_be_tried_or_has_just_been_passed(codes):
    token, app = codes.token(otp_method="totp"), codes.app()
    challenge = begin(codes, token, app)
    assert begin(codes, token, app, NOW_MS + 1) == challenge
    assert begin(codes, token, app, session=OTHER_SESSION) != challenge
    assert begin(codes, token, app, NOW_MS + CODE_LIFE_S * 1_000) != challenge
    assert (challenge.method, challenge.code_hash, challenge.digits) == ("totp", b"", 6)
    fresh = begin(codes, codes.token(), app)
    assert fresh.challenge_id != challenge.challenge_id


def test_a_passed_challenge_is_answered_until_its_proof_is_too_old(codes):
    token, app = codes.token(otp_method="totp"), codes.app()
    challenge = begin(codes, token, app)
    counted = codes.count(token, challenge)
    assert codes.challenges.passed(token, counted, CLIENT, STEP, MEMBER, NOW_MS)
    assert codes.row(token).state == "verified"
    until_ms = NOW_MS + VERIFIED_FOR_S * 1_000
    assert begin(codes, token, app, until_ms).challenge_id == challenge.challenge_id
    assert begin(codes, token, app, until_ms).verified_ms == NOW_MS
    assert begin(codes, token, app, until_ms + 1).challenge_id != challenge.challenge_id


@pytest.mark.parametrize("step", [STEP, STEP - 1])
def test_the_code_of_the_enrolment_or_an_earlier_one_never_passes(codes, step):
    token, app = codes.token(otp_method="totp"), codes.app(step=STEP)
    counted = codes.count(token, begin(codes, token, app))
    assert not codes.challenges.passed(token, counted, CLIENT, step, MEMBER, NOW_MS)
    assert codes.row(token).state == "issued"
    assert codes.total(otp_subjects.c.tries) == 1


def test_without_its_step_an_apps_code_never_passes_nor_a_sent_one_with_a_step(codes):
    token, app = codes.token(otp_method="totp"), codes.app()
    counted = codes.count(token, begin(codes, token, app))
    assert not codes.challenges.passed(token, counted, CLIENT, None, MEMBER, NOW_MS)
    other = codes.token()
    counted = codes.count(other, codes.send(other))
    assert not codes.challenges.passed(other, counted, CLIENT, STEP, MEMBER, NOW_MS)


def test_of_sixteen_that_pass_with_the_same_step_exactly_one_does(codes):
    app = codes.app()
    each = [codes.token(otp_method="totp") for _ in range(16)]
    counted = [codes.count(token, begin(codes, token, app)) for token in each]
    passed = race(16, lambda n: codes.challenges.passed(each[n], counted[n], CLIENT, STEP, MEMBER, NOW_MS))
    assert passed.count(True) == 1
    assert sum(codes.row(token).state == "verified" for token in each) == 1
    assert codes.total(otp_subjects.c.tries) == 15
    assert codes.events().count("otp.verified") == 1


def test_a_right_code_forgets_the_fails_in_a_row(codes):
    token, app = codes.token(otp_method="totp"), codes.app()
    challenge = begin(codes, token, app)
    codes.fail(token, challenge)
    assert codes.challenges.authenticator("default", "m-1").fails == 1
    counted = codes.count(token, challenge, NOW_MS + 1_000)
    assert codes.challenges.passed(token, counted, CLIENT, STEP, MEMBER, NOW_MS + 1_000)
    assert codes.challenges.authenticator("default", "m-1").fails == 0


def test_the_hundredth_fail_in_a_row_disables_an_app_until_another_is_enrolled(codes):
    app = codes.app()
    with codes.engine.begin() as connection:
        connection.execute(authenticators.update().values(fails=98))
    token = codes.token(otp_method="totp")
    challenge = begin(codes, token, app)
    assert codes.fail(token, challenge) is None
    assert codes.fail(token, challenge) == "authenticator_disabled"
    assert codes.challenges.authenticator("default", "m-1").disabled_ms == NOW_MS
    assert codes.count(token, challenge, NOW_MS + 60_000) == "authenticator_disabled"
    assert codes.events()[-2:] == ["otp.failed", "authenticator.disabled"]
    new = codes.app("new", now_ms=NOW_MS + 60_000)
    assert new.replaced
    assert isinstance(codes.count(token, begin(codes, token, new, NOW_MS + 60_000), NOW_MS + 60_000), Counted)


def test_a_code_of_an_app_that_was_replaced_between_two_gestures_no_longer_passes(codes):
    token, app = codes.token(otp_method="totp"), codes.app("old")
    challenge = begin(codes, token, app)
    counted = codes.count(token, challenge)
    codes.app("new")
    assert not codes.challenges.passed(token, counted, CLIENT, STEP, MEMBER, NOW_MS)
    assert codes.count(token, challenge) == "authenticator_disabled"


def test_trying_in_ever_new_sessions_freezes_a_token_all_the_same(codes):
    token, app, now_ms = codes.token(otp_method="totp"), codes.app(), NOW_MS
    said = []
    for n in range(12):
        now_ms += 1_000_000
        session = b"%032d" % n
        challenge = begin(codes, token, app, now_ms, session)
        said.append(codes.fail(token, challenge, now_ms, session=session))
    assert "frozen" not in said[:9]
    assert said[9:] == ["frozen"] * 3
    assert not any(isinstance(answer, Wait) and answer.limit == "account" for answer in said)
