"""The order of the queue is expected loss × urgency, at every instant, though the number kept never changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cases.priority import FLOOR_MINOR, SHIFT_MS, assess, deadlines, rank
from app.cases.terms import HOUR_MS, MINUTE_MS, CaseTerms

NOW_MS = 1_795_262_400_000
LOSS = st.integers(0, 10**9)
DUE = st.integers(NOW_MS - 30 * 24 * HOUR_MS, NOW_MS + 30 * 24 * HOUR_MS)


def urgency(due_ms: int, now_ms: int) -> float:
    """As docs tell it: 1 at the due instant, half of it a shift before, 2 a shift later."""
    return float(2 ** ((now_ms - due_ms) / SHIFT_MS))


@given(LOSS, DUE, LOSS, DUE, st.integers(-1_000, 1_000))
def test_rank_orders_by_loss_times_urgency_at_any_time(loss, due_ms, other_loss, other_due_ms, hours):
    now_ms = NOW_MS + hours * HOUR_MS
    product = (loss + FLOOR_MINOR) * urgency(due_ms, now_ms)
    other = (other_loss + FLOOR_MINOR) * urgency(other_due_ms, now_ms)
    if product > other * 1.01:
        assert rank(loss, due_ms) > rank(other_loss, other_due_ms)


def test_a_shift_sooner_weighs_as_much_as_twice_the_loss():
    assert rank(900, NOW_MS) == rank(1_900, NOW_MS + SHIFT_MS)
    assert urgency(NOW_MS, NOW_MS + SHIFT_MS) == 2


@given(LOSS, DUE)
def test_a_rank_fits_a_column(loss, due_ms):
    assert abs(rank(loss, due_ms)) < 2**62


@pytest.mark.parametrize(
    ("points", "risk", "held", "disputed", "priority"),
    [
        (999, 84.0, True, False, 3), (1_000, 10.0, True, False, 1), (1_000, 10.0, False, False, 3),
        (10_000, 50.0, False, False, 2), (9_998, 50.0, False, False, 3), (0, 85.0, False, False, 2),
        (0, 0.0, False, True, 1),
    ],
)  # fmt: skip
def test_priority_is_points_in_flight_then_what_is_serious_then_the_rest(
    points, risk, held, disputed, priority
):
    assert assess(points, risk, CaseTerms(), held=held, disputed=disputed).priority == priority


def test_a_point_is_worth_what_the_programme_says():
    found = assess(200, 50.0, CaseTerms(point_minor=2.5), held=False, disputed=False)
    assert (found.value_minor, found.loss_minor) == (500, 250)


def test_deadlines_are_the_promised_ones():
    assert deadlines(1, NOW_MS, CaseTerms()) == (NOW_MS + 15 * MINUTE_MS, NOW_MS + 4 * HOUR_MS)
    assert deadlines(2, NOW_MS, CaseTerms()) == (None, NOW_MS + 24 * HOUR_MS)
    assert deadlines(3, NOW_MS, CaseTerms()) == (None, NOW_MS + 72 * HOUR_MS)
