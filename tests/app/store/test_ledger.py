"""Issuing, redeeming and ending tokens, one caller at a time, on both databases."""

import pytest

from app.store.sql.tables import account_keys
from app.store.sql.token_tables import idempotent_calls, otp_challenges, redemptions, tokens
from tests.app.store.ledger_samples import (
    DAY_MS,
    NOW_MS,
    PROGRAM,
    WHO,
    call,
    content_of,
    events,
    everything,
    issue,
    mail,
    messages_of,
    new_token,
    open_ledger,
    pass_challenge,
    put_in_state,
    redemption,
)
from tokens.ledger import Repeated, RowTaken
from tokens.redemption import Redeemed
from tokens.states import FINAL, LIVE, MOVES
from tokens.token import Reward, Shut


@pytest.fixture
def ledger(engine):
    return open_ledger(engine)


# ---------------------------------------------------------------- issuing


def test_a_token_reads_as_it_was_issued(ledger):
    token = new_token(1, otp_method="sms", otp_to="+358401234567", decision_id="dec_1")
    issue(ledger, token)
    held = ledger.token(token.token_hash)
    assert held == ledger.token_of(PROGRAM, token.token_id)
    for name in ("account_id", "reward", "secret_hash", "shut", "otp_to", "expires_ms", "locale", "row_id"):
        assert getattr(held, name) == getattr(token, name)
    assert (held.state, held.delivery, held.tries, held.sends, held.ended_ms) == (
        "issued",
        "waiting",
        0,
        0,
        None,
    )
    assert ledger.token_of("another", token.token_id) is None
    assert ledger.token(b"unknown") is None


def test_personal_parts_lie_sealed_and_are_gone_with_the_accounts_key(ledger, engine):
    token = new_token(1, otp_method="sms", otp_to="+358401234567", metadata=b"canary")
    issue(ledger, token)
    for secret in ("+358401234567", "member1@example.org", "canary"):
        assert secret not in repr(everything(engine))
    with engine.begin() as connection:
        connection.execute(account_keys.delete())
    held = ledger.token(token.token_hash)
    assert held.otp_to is None
    assert held.shut == token.shut


def test_the_same_call_is_told_what_it_was_told_before(ledger):
    first, second = new_token(1), new_token(2)
    assert ledger.issue([(first, None, call("k"))], WHO) == ["issued"]
    assert ledger.issue([(second, None, call("k"))], WHO) == [
        Repeated(same_body=True, sealed_answer=b"answer")
    ]
    other = ledger.issue([(second, None, call("k", body="other"))], WHO)
    assert other == [Repeated(same_body=False, sealed_answer=b"answer")]
    assert ledger.token(second.token_hash) is None


def test_a_call_is_forgotten_after_its_day_swept_or_not(ledger):
    ledger.issue([(new_token(1), None, call("k"))], WHO)
    just_before = new_token(2, issued_ms=NOW_MS + DAY_MS - 1)
    assert ledger.issue([(just_before, None, call("k"))], WHO) == [
        Repeated(same_body=True, sealed_answer=b"answer")
    ]
    after = new_token(3, issued_ms=NOW_MS + DAY_MS)
    assert ledger.issue([(after, None, call("k"))], WHO) == ["issued"]


def test_a_bulk_job_resumed_issues_each_row_once(ledger):
    rows = [new_token(n, bulk_id="b", row_id=str(n)) for n in range(6)]
    issue(ledger, *rows[:4])
    again = [new_token(100 + n, bulk_id="b", row_id=str(n)) for n in range(6)]
    answers = ledger.issue([(token, mail(token), None) for token in again], WHO)
    assert answers == [*(RowTaken(token.token_id) for token in rows[:4]), "issued", "issued"]
    assert len(ledger.tokens(PROGRAM, account_id=None, campaign_id=None, limit=50, cursor=None).items) == 6


def test_of_two_rows_of_one_name_in_one_chunk_the_first_is_issued(ledger):
    first, second = (new_token(n, bulk_id="b", row_id="same") for n in (1, 2))
    elsewhere = new_token(3, bulk_id="b", row_id="same", program_id="another")
    answers = ledger.issue([(token, None, None) for token in (first, second, elsewhere)], WHO)
    assert answers == ["issued", RowTaken(first.token_id), "issued"]


def test_every_token_is_in_the_audit_in_the_order_issued(ledger, engine):
    wanted = [new_token(n) for n in (5, 3, 9)]
    issue(ledger, *wanted)
    assert events(engine) == [("token.issued", token.token_id) for token in wanted]


# ---------------------------------------------------------------- redeeming


def test_a_redemption_destroys_the_content_and_cancels_what_waits(ledger, engine):
    token = new_token(1)
    issue(ledger, token)
    made = ledger.redeem(redemption(token), None, call("r", answer=b"secret"), WHO)
    assert made == Redeemed(
        f"red_{token.token_id}_0",
        token.token_id,
        NOW_MS + 1_000,
        redemption(token).call_hash,
        b"sealed answer",
        token.reward,
    )
    assert ledger.redemption(token.token_hash) == made
    held = ledger.token(token.token_hash)
    assert (held.state, held.shut, held.ended_ms, held.delivery) == (
        "redeemed",
        None,
        NOW_MS + 1_000,
        "cancelled",
    )
    assert content_of(engine, token) == (None, None)
    assert messages_of(engine, token) == [("cancelled", b"")]
    assert events(engine)[1:] == [("token.redeemed", token.token_id)]
    assert b"secret" not in repr(everything(engine)).encode()


def test_whoever_redeems_again_hears_of_the_first_redemption(ledger, engine):
    token = new_token(1)
    issue(ledger, token)
    made = ledger.redeem(redemption(token, 0), None, call("a"), WHO)
    before = everything(engine)
    assert ledger.redeem(redemption(token, 1), None, call("b"), WHO) == made
    assert everything(engine) == before


def test_a_token_restored_from_a_backup_is_not_paid_again(ledger, engine):
    """Its row says issued, but the credit was written: the earlier redemption stands, and the content goes again."""
    token = new_token(1)
    issue(ledger, token)
    made = ledger.redeem(redemption(token, 0), None, None, WHO)
    with engine.begin() as connection:
        connection.execute(tokens.update().values(state="issued", wrapped_key=b"w", ciphertext=b"c"))
    assert ledger.redeem(redemption(token, 1), None, call("late"), WHO) == made
    with engine.connect() as connection:
        assert len(connection.execute(redemptions.select()).all()) == 1
        assert connection.execute(idempotent_calls.select()).all() == []
    assert content_of(engine, token) == (None, None)
    assert events(engine)[-1] == ("token.duplicate_blocked", token.token_id)


@pytest.mark.parametrize(
    ("at_ms", "refusal"),
    [
        (NOW_MS + 999, "early"),
        (NOW_MS + 1_000, None),
        (NOW_MS + 299_999, None),
        (NOW_MS + 300_000, "expired"),
    ],
)
def test_a_token_is_good_from_its_first_instant_to_before_its_last(ledger, at_ms, refusal):
    token = new_token(1, not_before_ms=NOW_MS + 1_000, expires_ms=NOW_MS + 300_000)
    issue(ledger, token)
    answer = ledger.redeem(redemption(token, at_ms=at_ms), None, None, WHO)
    assert (answer if isinstance(answer, str) else None) == refusal


@pytest.mark.parametrize(
    "other", [{"account_id": "thief"}, {"program_id": "another"}, {"token_hash": b"unknown"}]
)
def test_what_a_token_is_bound_to_is_checked_at_the_commit(ledger, engine, other):
    token = new_token(1)
    issue(ledger, token)
    before = everything(engine)
    assert ledger.redeem(redemption(token, **other), None, None, WHO) == "not_live"
    assert everything(engine) == before


def test_a_passed_code_redeems_once(ledger, engine):
    token = new_token(1, otp_method="sms", otp_to="+358401234567")
    issue(ledger, token)
    proof = pass_challenge(engine, token)
    assert isinstance(ledger.redeem(redemption(token), proof, None, WHO), Redeemed)
    with engine.connect() as connection:
        assert connection.scalar(otp_challenges.select().with_only_columns(otp_challenges.c.used_ms))


@pytest.mark.parametrize(
    "other",
    [
        {"session_hash": b"another"},
        {"kind": "decision"},
        {"hash": b"another token"},
        {"void": 1},
        {"used_ms": NOW_MS},
        {"verified_ms": None},
        {"verified_ms": NOW_MS + 1_000 - 120_001},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_proof_that_does_not_hold_moves_nothing(ledger, engine, other):
    token = new_token(1, otp_method="sms", otp_to="+358401234567")
    issue(ledger, token)
    proof = pass_challenge(engine, token, **other)
    before = everything(engine)
    assert ledger.redeem(redemption(token), proof, call("r"), WHO) == "unproven"
    assert everything(engine) == before


def test_no_proof_or_no_need_of_one_is_refused_where_the_other_is_asked_for(ledger, engine):
    with_code, without = new_token(1, otp_method="sms"), new_token(2)
    issue(ledger, with_code, without)
    pass_challenge(engine, with_code)
    assert ledger.redeem(redemption(with_code), None, None, WHO) == "unproven"
    proof = pass_challenge(engine, without)
    assert ledger.redeem(redemption(without), proof, None, WHO) == "unproven"


def test_a_proof_is_not_used_up_by_a_redemption_that_is_refused(ledger, engine):
    token = new_token(1, otp_method="sms")
    issue(ledger, token)
    proof = pass_challenge(engine, token)
    put_in_state(engine, token, "challenged")
    before = everything(engine)
    assert ledger.redeem(redemption(token), proof, None, WHO) == "unproven"
    assert everything(engine) == before


def test_a_key_used_for_something_else_redeems_nothing(ledger, engine):
    token, other = new_token(1, otp_method="sms"), new_token(2)
    issue(ledger, token, other)
    proof = pass_challenge(engine, token)
    assert isinstance(ledger.redeem(redemption(other), None, call("k", "other"), WHO), Redeemed)
    before = everything(engine)
    assert ledger.redeem(redemption(token), proof, call("k"), WHO) == "call_taken"
    assert everything(engine) == before


def test_only_the_caller_can_say_it_has_the_answer(ledger):
    token = new_token(1)
    issue(ledger, token)
    made = ledger.redeem(redemption(token), None, None, WHO)
    assert not ledger.acknowledge(token.token_hash, b"another caller")
    assert ledger.acknowledge(token.token_hash, made.call_hash)
    assert not ledger.acknowledge(token.token_hash, made.call_hash)
    assert ledger.redemption(token.token_hash) == made._replace(sealed_answer=b"")


# ---------------------------------------------------------------- other ends


@pytest.mark.parametrize("end", ["revoke", "expire"])
def test_an_end_destroys_the_content_and_cancels_what_waits(ledger, engine, end):
    token, other = new_token(1), new_token(2, expires_ms=NOW_MS + 9 * DAY_MS)
    issue(ledger, token, other)
    if end == "revoke":
        assert ledger.revoke(PROGRAM, token.token_id, WHO, token.expires_ms) == "revoked"
    else:
        assert ledger.sweep(token.expires_ms - 1, 100) == 0
        assert ledger.sweep(token.expires_ms, 100) == 1
    held = ledger.token(token.token_hash)
    assert (held.state, held.shut, held.ended_ms) == (f"{end.rstrip('e')}ed", None, token.expires_ms)
    assert messages_of(engine, token) == [("cancelled", b"")]
    assert events(engine)[2:] == [(f"token.{held.state}", token.token_id)]
    assert content_of(engine, other) == Shut(*other.shut)
    assert messages_of(engine, other) == [("waiting", b"letter")]
    assert ledger.redeem(redemption(token), None, None, WHO) == {"revoke": "not_live"}.get(end, "expired")


def test_revoking_says_the_state_there_is(ledger, engine):
    token = new_token(1)
    issue(ledger, token)
    assert ledger.revoke(PROGRAM, "tok_unknown", WHO, NOW_MS) is None
    assert ledger.revoke("another", token.token_id, WHO, NOW_MS) is None
    ledger.redeem(redemption(token), None, None, WHO)
    before = everything(engine)
    assert ledger.revoke(PROGRAM, token.token_id, WHO, NOW_MS) == "redeemed"
    assert everything(engine) == before


def test_a_frozen_token_keeps_its_content_until_it_is_revoked(ledger, engine):
    token = new_token(1)
    issue(ledger, token)
    assert ledger.freeze(token.token_hash, "tries spent", WHO, NOW_MS)
    assert not ledger.freeze(token.token_hash, "tries spent", WHO, NOW_MS)
    assert ledger.token(token.token_hash).shut == token.shut
    assert ledger.redeem(redemption(token), None, None, WHO) == "not_live"
    assert ledger.revoke(PROGRAM, token.token_id, WHO, NOW_MS) == "revoked"
    assert content_of(engine, token) == (None, None)
    assert [event for event, _ in events(engine)] == ["token.issued", "token.frozen", "token.revoked"]


@pytest.mark.parametrize("method", ["none", "sms"])
def test_every_move_from_every_state_is_one_of_the_moves(ledger, engine, method):
    """What the SQL does at each state, against `tokens.states.MOVES`, both ways."""
    of_method = {"none": {"issued", "delivered"}, "sms": {"verified"}}[method]
    n = 0
    for state in sorted(LIVE | FINAL):
        for wanted in ("redeemed", "revoked", "expired", "frozen"):
            n += 1
            token = new_token(n, otp_method=method, expires_ms=NOW_MS + DAY_MS)
            issue(ledger, token)
            proof = pass_challenge(engine, token) if method == "sms" else None
            put_in_state(engine, token, state)
            if wanted == "redeemed":
                ledger.redeem(redemption(token), proof, None, WHO)
            elif wanted == "revoked":
                ledger.revoke(PROGRAM, token.token_id, WHO, NOW_MS)
            elif wanted == "expired":
                ledger.sweep(NOW_MS + DAY_MS, 100)
            else:
                ledger.freeze(token.token_hash, "", WHO, NOW_MS)
            allowed = wanted in MOVES[state] and (wanted != "redeemed" or state in of_method)
            assert ledger.token(token.token_hash).state == (wanted if allowed else state), (state, wanted)
            put_in_state(engine, token, "revoked")


def test_a_note_changes_nothing_but_the_audit(ledger, engine):
    token = new_token(1)
    issue(ledger, token)
    held = ledger.token(token.token_hash)
    ledger.note("opened", token.token_hash, WHO, NOW_MS)
    ledger.note("opened", b"unknown", WHO, NOW_MS)
    assert events(engine)[1:] == [("token.opened", token.token_id)]
    assert ledger.token(token.token_hash) == held


def test_a_reward_of_points_alone_reads_so(ledger):
    token = new_token(1, reward=Reward(points=7), campaign_id=None)
    issue(ledger, token)
    assert ledger.token(token.token_hash).reward == Reward(points=7)
