"""Codes, messages and the ledger at once: what one of them ends, the others do not bring back."""

import pytest
from sqlalchemy import select

from app.store.sql.token_tables import outbox
from tests.app.store.codes import CLIENT, DAY_MS, MEMBER, NOW_MS, OTHER_SESSION, SESSION, Codes, race
from tokens.challenges import NewChallenge, Subject
from tokens.limits import VERIFIED_FOR_S
from tokens.redemption import Proof, Redeemed, Redemption


@pytest.fixture
def codes(engine):
    return Codes(engine)


def proven(codes, token, now_ms=NOW_MS):
    """The proof of a code that was passed."""
    challenge = codes.send(token, now_ms, to=token.hash)
    assert codes.challenges.passed(token, codes.count(token, challenge, now_ms), CLIENT, None, MEMBER, now_ms)
    return Proof(challenge.challenge_id, SESSION)


def redeem(codes, token, proof, now_ms=NOW_MS):
    redemption = Redemption(
        redemption_id=f"red_{token.hash.hex()}",
        token_hash=token.hash,
        program_id=token.program_id,
        account_id=token.account_id,
        at_ms=now_ms,
        call_hash=b"call",
        sealed_answer=b"answer",
        replay_until_ms=now_ms + 600_000,
    )
    return codes.ledger.redeem(redemption, proof, None, MEMBER)


def test_a_passed_code_redeems_its_token_within_two_minutes_in_its_session(codes):
    token = codes.token()
    proof = proven(codes, token)
    assert redeem(codes, token, proof._replace(session_hash=OTHER_SESSION)) == "unproven"
    assert redeem(codes, token, proof, NOW_MS + VERIFIED_FOR_S * 1_000 + 1) == "unproven"
    assert isinstance(redeem(codes, token, proof, NOW_MS + VERIFIED_FOR_S * 1_000), Redeemed)
    assert codes.send(token, NOW_MS + DAY_MS) == "not_live"


def test_a_new_code_takes_the_passed_ones_proof_away(codes):
    token = codes.token()
    proof = proven(codes, token)
    assert isinstance(codes.send(token, NOW_MS + 60_000), NewChallenge)
    assert redeem(codes, token, proof, NOW_MS + 60_000) == "unproven"
    assert codes.row(token).state == "challenged"


def test_redeeming_and_asking_for_a_new_code_at_once_ends_in_one_of_them(codes):
    each = [codes.token(f"m-{n}", otp_method="sms") for n in range(8)]
    proofs = [proven(codes, token) for token in each]
    later_ms = NOW_MS + 60_000

    def act(n):
        token = each[n // 2]
        if n % 2:
            return redeem(codes, token, proofs[n // 2], later_ms)
        return codes.send(token, later_ms, to=token.hash)

    said = race(16, act)
    for n, token in enumerate(each):
        sent, redeemed = isinstance(said[2 * n], NewChallenge), isinstance(said[2 * n + 1], Redeemed)
        assert sent != redeemed
        assert codes.row(token).state == ("redeemed" if redeemed else "challenged")
    codes.events()


def test_revoking_while_messages_are_sent_leaves_each_token_as_its_message_ended(codes):
    each = [codes.token(f"m-{n}") for n in range(24)]
    posted = [codes.post(token).message_id for token in each]
    issuers_names = [codes.row(token).token_id for token in each]

    def act(n):
        if n % 2:
            codes.outbox.sent(posted[:: 1 if n == 1 else -1], NOW_MS)
        else:
            for token_id in issuers_names[:: 1 if n == 0 else -1]:
                assert codes.ledger.revoke("default", token_id, MEMBER, NOW_MS) == "revoked"

    race(4, act)
    with codes.engine.connect() as connection:
        ends = dict(connection.execute(select(outbox.c.token_hash, outbox.c.state)).all())
        assert set(connection.scalars(select(outbox.c.sealed))) == {b""}
    for token in each:
        row = codes.row(token)
        assert (row.state, row.delivery) == ("revoked", ends[token.hash])
    codes.events()


def test_counts_outlive_a_sweep_as_long_as_a_limit_asks_for_them_and_no_longer(codes):
    decision = Subject("decision", b"d" * 32, "default", "m-1")
    codes.spend(decision, 10)
    codes.ledger.sweep(NOW_MS + 2 * DAY_MS, 1_000)
    assert codes.send(decision, NOW_MS + 2 * DAY_MS) == "frozen"
    codes.ledger.sweep(NOW_MS + 60 * DAY_MS, 1_000)
    codes.ledger.sweep(NOW_MS + 60 * DAY_MS, 1_000)
    held = codes.everything()
    assert not held["otp_subjects"] + held["otp_challenges"] + held["otp_counts"]
