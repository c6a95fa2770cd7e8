"""Budgets of campaigns: never exceeded, given back exactly, counted by the tokens there are."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.store.sql import migrate, open_engine
from app.store.sql.token_tables import tokens
from tests.app.store.ledger_samples import (
    CAMPAIGN,
    DAY_MS,
    NOW_MS,
    PROGRAM,
    WHO,
    call,
    events,
    everything,
    issue,
    new_token,
    open_ledger,
    redemption,
)
from tokens.budget import Budget, OverBudget
from tokens.token import Reward

NO_LIMIT = Budget(PROGRAM, CAMPAIGN, None, None, None, None)


@pytest.fixture
def ledger(engine):
    return open_ledger(engine)


def limited(**limits):
    usual = {"max_tokens": None, "max_points": None, "max_face_value_minor": None, "currency": None}
    return Budget(PROGRAM, CAMPAIGN, **(usual | limits))


def used(ledger):
    held = ledger.budget(PROGRAM, CAMPAIGN)
    return (held.tokens, held.points, held.face_value_minor)


def test_a_campaign_nobody_limited_has_no_limit_and_is_counted(ledger):
    assert ledger.budget(PROGRAM, CAMPAIGN) is None
    issue(ledger, new_token(1), new_token(2))
    assert used(ledger) == (2, 1_000, 0)


@pytest.mark.parametrize(
    ("limits", "short_of"),
    [
        ({"max_tokens": 2}, "tokens"),
        ({"max_points": 1_499}, "points"),
        ({"max_face_value_minor": 2_999, "currency": "EUR"}, "face_value"),
    ],
)
def test_what_has_no_room_is_refused_and_leaves_nothing(ledger, engine, limits, short_of):
    ledger.set_budget(limited(**limits), WHO, NOW_MS)
    issue(ledger, new_token(1), new_token(2))
    before = everything(engine)
    assert ledger.issue([(new_token(3), None, call("k"))], WHO) == [OverBudget(CAMPAIGN, short_of)]
    assert everything(engine) == before
    assert used(ledger)[:2] == (2, 1_000)


def test_rows_are_taken_in_order_and_a_smaller_one_after_a_refused_one_may_fit(ledger):
    ledger.set_budget(limited(max_points=600), WHO, NOW_MS)
    wanted = [new_token(n, reward=Reward(points=points)) for n, points in enumerate((500, 200, 100, 1))]
    short = OverBudget(CAMPAIGN, "points")
    assert ledger.issue([(token, None, None) for token in wanted], WHO) == ["issued", short, "issued", short]


def test_a_face_value_in_another_currency_is_refused_only_where_it_is_limited(ledger):
    dollars = new_token(1, reward=Reward(face_value_minor=100, currency="USD"))
    ledger.set_budget(limited(max_face_value_minor=10_000, currency="EUR"), WHO, NOW_MS)
    assert ledger.issue([(dollars, None, None)], WHO) == [OverBudget(CAMPAIGN, "currency")]
    points = new_token(2, reward=Reward(points=5))
    assert ledger.issue([(points, None, None)], WHO) == ["issued"]
    ledger.set_budget(limited(currency="EUR"), WHO, NOW_MS)
    assert ledger.issue([(dollars, None, None)], WHO) == ["issued"]
    assert used(ledger) == (2, 5, 0)


def test_limits_set_late_count_what_was_issued_before_in_their_currency(ledger, engine):
    issue(ledger, new_token(1), new_token(2), new_token(3, reward=Reward(face_value_minor=7, currency="USD")))
    ledger.revoke(PROGRAM, new_token(2).token_id, WHO, NOW_MS)
    for currency, face_value in (("EUR", 1_000), ("USD", 7), ("CHF", 0)):
        found = ledger.set_budget(limited(max_face_value_minor=5_000, currency=currency), WHO, NOW_MS)
        assert found == ledger.budget(PROGRAM, CAMPAIGN)
        assert used(ledger) == (2, 500, face_value)
    assert events(engine)[-1] == ("budget.set", CAMPAIGN)


moves = st.lists(
    st.tuples(
        st.sampled_from(["issue", "redeem", "revoke", "freeze", "expire", "limit"]),
        st.integers(0, 7),
        st.sampled_from(["EUR", "USD"]),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(moves)
def test_after_any_moves_what_is_used_is_what_the_tokens_say(walk):
    """Live, frozen and redeemed tokens count, once each; no limit is passed."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'record.db'}"
        migrate(url)
        engine = open_engine(url)
        ledger = open_ledger(engine)
        for n, (move, which, currency) in enumerate(walk):
            token = new_token(which)
            if move == "issue":
                reward = Reward(points=which, face_value_minor=100, currency=currency)
                ledger.issue([(new_token(1_000 + n, reward=reward), None, None)], WHO)
                if ledger.token(token.token_hash) is None:
                    expires = NOW_MS + DAY_MS * (1 + which)
                    ledger.issue([(new_token(which, reward=reward, expires_ms=expires), None, None)], WHO)
            elif move == "redeem":
                ledger.redeem(redemption(token), None, None, WHO)
            elif move == "revoke":
                ledger.revoke(PROGRAM, token.token_id, WHO, NOW_MS)
            elif move == "freeze":
                ledger.freeze(token.token_hash, "", WHO, NOW_MS)
            elif move == "expire":
                ledger.sweep(NOW_MS + DAY_MS * which, 3)
            else:
                limits = limited(max_tokens=6, max_face_value_minor=300, currency=currency)
                ledger.set_budget(limits, WHO, NOW_MS)
        held = ledger.budget(PROGRAM, CAMPAIGN) or NO_LIMIT
        with engine.connect() as connection:
            rows = connection.execute(
                select(tokens.c.points, tokens.c.face_value_minor, tokens.c.currency).where(
                    tokens.c.state.not_in(["revoked", "expired"])
                )
            ).all()
        engine.dispose()
    face_value = sum(row.face_value_minor for row in rows if row.currency == held.currency)
    assert (held.tokens, held.points, held.face_value_minor) == (
        len(rows),
        sum(row.points for row in rows),
        face_value,
    )
