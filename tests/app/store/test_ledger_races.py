"""Many at one token, one budget, one key: exactly one wins, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from threading import Barrier

import pytest

from tests.app.store.ledger_samples import (
    CAMPAIGN,
    NOW_MS,
    PROGRAM,
    WHO,
    call,
    content_of,
    events,
    issue,
    mail,
    new_token,
    open_ledger,
    pass_challenge,
    redemption,
)
from tokens.budget import Budget, OverBudget
from tokens.ledger import Repeated, RowTaken
from tokens.redemption import Redeemed
from tokens.token import Reward

THREADS = 32


@pytest.fixture
def ledger(engine):
    return open_ledger(engine)


def race(tasks):
    """Run these, as many at once as there are threads, the first ones from the same moment."""
    start = Barrier(min(THREADS, len(tasks)))

    def each(n, task):
        if n < start.parties:
            start.wait()
        return task()

    with ThreadPoolExecutor(THREADS) as pool:
        return [done.result() for done in [pool.submit(each, n, task) for n, task in enumerate(tasks)]]


def test_of_two_hundred_redemptions_exactly_one_is_recorded(ledger, engine):
    token = new_token(1)
    issue(ledger, token)
    answers = race(
        [lambda n=n: ledger.redeem(redemption(token, n), None, call(f"k{n}"), WHO) for n in range(200)]
    )
    assert {type(answer) for answer in answers} == {Redeemed}
    assert len(set(answers)) == 1
    assert answers[0] == ledger.redemption(token.token_hash)
    assert [event for event, _ in events(engine)].count("token.redeemed") == 1


def test_one_proof_redeems_once(ledger, engine):
    token = new_token(1, otp_method="sms")
    issue(ledger, token)
    proof = pass_challenge(engine, token)
    answers = race([lambda n=n: ledger.redeem(redemption(token, n), proof, None, WHO) for n in range(24)])
    assert len(set(answers)) == 1
    assert isinstance(answers[0], Redeemed)


def test_of_a_revocation_and_a_redemption_exactly_one_wins(ledger, engine):
    wanted = [new_token(n) for n in range(24)]
    issue(ledger, *wanted)
    ledger.set_budget(Budget(PROGRAM, CAMPAIGN, 24, None, None, None), WHO, NOW_MS)
    tasks = []
    for n, token in enumerate(wanted):
        both = [
            lambda token=token: ledger.redeem(redemption(token), None, None, WHO),
            lambda token=token: ledger.revoke(PROGRAM, token.token_id, WHO, NOW_MS),
        ]
        tasks += both if n % 2 else both[::-1]
    answers = race(tasks)
    paid = 0
    for n, token in enumerate(wanted):
        pair = answers[2 * n : 2 * n + 2]
        redeemed, state = pair if n % 2 else pair[::-1]
        assert (state, redeemed) == ("revoked", "not_live") or (
            state == "redeemed" and isinstance(redeemed, Redeemed)
        )
        assert (ledger.redemption(token.token_hash) is not None) == (state == "redeemed")
        assert ledger.token(token.token_hash).state == state
        assert content_of(engine, token) == (None, None)
        paid += state == "redeemed"
    assert ledger.budget(PROGRAM, CAMPAIGN).tokens == paid


def test_a_budget_is_never_exceeded_and_returned_exactly(ledger):
    ledger.set_budget(Budget(PROGRAM, CAMPAIGN, None, 40, None, None), WHO, NOW_MS)
    wanted = [new_token(n, reward=Reward(points=2)) for n in range(64)]
    answers = race(
        [
            lambda n=n: ledger.issue([(t, mail(t), None) for t in wanted[n : n + 2]], WHO)
            for n in range(0, 64, 2)
        ]
    )
    issued = [t for t, a in zip(wanted, [a for pair in answers for a in pair], strict=True) if a == "issued"]
    assert len(issued) == 20
    assert ledger.issue([(new_token(99), None, None)], WHO) == [OverBudget(CAMPAIGN, "points")]
    race([lambda t=t: ledger.revoke(PROGRAM, t.token_id, WHO, NOW_MS) for t in issued for _ in range(2)])
    held = ledger.budget(PROGRAM, CAMPAIGN)
    assert (held.tokens, held.points) == (0, 0)


def test_limits_set_while_tokens_are_issued_count_every_one(ledger):
    limits = Budget(PROGRAM, CAMPAIGN, 30, None, 25_000, "EUR")
    tasks = [lambda n=n: ledger.issue([(new_token(n), None, None)], WHO) for n in range(31)]
    race([*tasks[:8], lambda: ledger.set_budget(limits, WHO, NOW_MS), *tasks[8:]])
    held = ledger.budget(PROGRAM, CAMPAIGN)
    there = ledger.tokens(PROGRAM, account_id=None, campaign_id=None, limit=50, cursor=None).items
    assert (held.tokens, held.face_value_minor) == (len(there), 1_000 * len(there))


def test_a_call_made_sixteen_times_at_once_issues_one_token(ledger):
    answers = race([lambda n=n: ledger.issue([(new_token(n), None, call("k"))], WHO)[0] for n in range(16)])
    assert answers.count("issued") == 1
    assert answers.count(Repeated(same_body=True, sealed_answer=b"answer")) == 15
    assert len(ledger.tokens(PROGRAM, account_id=None, campaign_id=None, limit=50, cursor=None).items) == 1


def test_a_bulk_job_run_by_many_at_once_issues_each_row_once(ledger):
    def chunk(n):
        rows = [
            new_token(100 * n + k, bulk_id="b", row_id=str((k + n) % 20), campaign_id=None) for k in range(20)
        ]
        return zip(rows, ledger.issue([(t, mail(t), None) for t in rows], WHO), strict=True)

    answers = list(chain.from_iterable(race([lambda n=n: list(chunk(n)) for n in range(4)])))
    issued = {t.row_id: t.token_id for t, answer in answers if answer == "issued"}
    assert len(issued) == sum(answer == "issued" for _, answer in answers) == 20
    assert all(answer == RowTaken(issued[t.row_id]) for t, answer in answers if answer != "issued")


def test_an_account_issued_to_by_many_at_once_has_one_key(ledger):
    wanted = [new_token(n, account_id="same", otp_to=f"+{n}", campaign_id=None) for n in range(16)]
    race([lambda t=t: issue(ledger, t) for t in wanted])
    assert [ledger.token(t.token_hash).otp_to for t in wanted] == [t.otp_to for t in wanted]


def test_sweepers_beside_redeemers_end_each_token_once(ledger, engine):
    wanted = [new_token(n, expires_ms=NOW_MS + 300_000) for n in range(40)]
    issue(ledger, *wanted)
    redeem = [
        lambda t=t: ledger.redeem(redemption(t, at_ms=NOW_MS + 299_999), None, None, WHO) for t in wanted
    ]
    race([*redeem[:20], *[lambda: ledger.sweep(NOW_MS + 300_000, 1_000)] * 4, *redeem[20:]])
    ends = [subject for event, subject in events(engine) if event in {"token.redeemed", "token.expired"}]
    assert sorted(ends) == [t.token_id for t in wanted]
    redeemed = sum(ledger.redemption(t.token_hash) is not None for t in wanted)
    assert ledger.budget(PROGRAM, CAMPAIGN).tokens == redeemed
