"""What time ends goes at its instant and not before, at most as much as was asked for."""

import pytest
from sqlalchemy import func, select

from app.store.sql.token_tables import (
    idempotent_calls,
    otp_challenges,
    otp_counts,
    otp_subjects,
    outbox,
    redemptions,
    token_keys,
)
from tests.app.store.ledger_samples import (
    DAY_MS,
    NOW_MS,
    WHO,
    call,
    events,
    issue,
    new_token,
    open_ledger,
    pass_challenge,
    redemption,
)

FAR_MS = NOW_MS + 365 * DAY_MS


@pytest.fixture
def ledger(engine):
    return open_ledger(engine)


def rows(engine, table):
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def put(engine, table, **values):
    with engine.begin() as connection:
        connection.execute(table.insert().values(**values))


def subject(engine):
    put(engine, otp_subjects, kind="token", hash=b"h", tries=0, sends=0, ends_ms=NOW_MS)


def count(engine):
    put(engine, otp_counts, what="account", whom=b"w", slot=1, count=3, until_ms=NOW_MS)


def message(engine, **other):
    usual = {
        "message_id": "<1@example.org>",
        "kind": "mail",
        "program_id": "default",
        "state": "sent",
        "sealed": b"",
        "created_ms": NOW_MS - 1,
        "expires_ms": NOW_MS,
        "next_ms": NOW_MS - 1,
        "attempts": 1,
        "ended_ms": NOW_MS,
        "why": "",
    }
    put(engine, outbox, **(usual | other))


def key(engine):
    values = {"use": "vault", "key_id": "2025-11-13", "wrapped_key": b"w", "made_ms": 0, "active_ms": 0}
    put(engine, token_keys, **values, until_ms=NOW_MS)


def a_challenge(engine):
    pass_challenge(engine, new_token(1), expires_ms=NOW_MS)


@pytest.mark.parametrize(
    ("make", "table", "due_ms"),
    [
        (subject, otp_subjects, NOW_MS + DAY_MS),
        (a_challenge, otp_challenges, NOW_MS + DAY_MS),
        (count, otp_counts, NOW_MS),
        (message, outbox, NOW_MS + 30 * DAY_MS),
        (key, token_keys, NOW_MS),
    ],
    ids=["subject", "challenge", "count", "message", "key"],
)
def test_a_row_goes_when_its_time_is_over_and_not_before(ledger, engine, make, table, due_ms):
    make(engine)
    assert ledger.sweep(due_ms - 1, 100) == 0
    assert rows(engine, table) == 1
    assert ledger.sweep(due_ms, 100) == 1
    assert rows(engine, table) == 0
    assert ledger.sweep(FAR_MS, 100) == 0


def test_a_message_that_waits_is_never_swept(ledger, engine):
    message(engine, state="waiting", ended_ms=None)
    assert ledger.sweep(FAR_MS, 100) == 0


def test_a_key_that_is_destroyed_is_in_the_audit(ledger, engine):
    key(engine)
    ledger.sweep(NOW_MS, 100)
    assert events(engine) == [("key.destroyed", "2025-11-13")]


def test_a_call_goes_after_its_day(ledger, engine):
    ledger.issue([(new_token(1, expires_ms=FAR_MS), None, call("k"))], WHO)
    assert ledger.sweep(NOW_MS + DAY_MS - 1, 100) == 0
    assert ledger.sweep(NOW_MS + DAY_MS, 100) == 1
    assert rows(engine, idempotent_calls) == 0


def test_an_answer_goes_after_its_replay_and_the_redemption_stays(ledger, engine):
    token = new_token(1)
    issue(ledger, token)
    made = ledger.redeem(redemption(token, at_ms=NOW_MS), None, None, WHO)
    assert ledger.sweep(NOW_MS + 599_999, 100) == 0
    assert ledger.redemption(token.token_hash) == made
    assert ledger.sweep(NOW_MS + 600_000, 100) == 1
    assert ledger.redemption(token.token_hash) == made._replace(sealed_answer=b"")
    assert ledger.sweep(NOW_MS + 600_000, 100) == 0
    assert rows(engine, redemptions) == 1


def test_swept_in_small_helpings_everything_goes_once(ledger, engine):
    wanted = [new_token(n, expires_ms=NOW_MS + 300_000 + n) for n in range(10)]
    issue(ledger, *wanted)
    for n in range(5):
        put(engine, otp_counts, what="account", whom=b"w", slot=n, count=3, until_ms=NOW_MS)
    helpings = []
    while swept := ledger.sweep(NOW_MS + DAY_MS - 1, 4):
        helpings.append(swept)
    assert helpings == [4, 4, 4, 3]
    expired = [subject for event, subject in events(engine) if event == "token.expired"]
    assert sorted(expired) == [token.token_id for token in wanted]
