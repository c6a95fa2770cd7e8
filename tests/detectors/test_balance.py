"""What an account has: as the caller says, else what came in less what went out, else nothing is said."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from detectors.balance import MONTH_S, balance_before, earned, moved, net, received
from detectors.limits import PEERS_KEPT
from detectors.snapshot import DAY_S, HOUR_S
from tests.detectors.snapshots import DAY_MS, HOUR_MS, SEGMENT, account, peers, seen, series, snapshots

thorough = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TOTALS = {
    "earn": 2_000,
    "purchase": 500,
    "adjust": -100,
    "burn": 700,
    "transfer": 50,
    "return": 20,
    "expire": 30,
}


def given_by(*ages_ms, known_ms, points=1_000):
    """A member who was sent points so long ago by one first met so long ago."""
    member = account({"received": series(*ages_ms, points=points)}, totals=TOTALS)
    return replace(member, peers={"counterparty": peers(1, known_ms)})


def test_the_caller_knows_best():
    assert balance_before(seen("redeem", account(totals=TOTALS), balance_before=7)) == 7
    assert balance_before(seen("redeem", account(), balance_before=0)) == 0


def test_else_it_is_what_came_in_less_what_went_out():
    at = seen("redeem", account(totals=TOTALS))
    assert (net(at), balance_before(at)) == (1_600, 1_600)


def test_of_a_member_with_less_than_a_month_of_points_nothing_is_said():
    month = SEGMENT.month_points
    assert balance_before(seen("redeem", account(totals={"earn": month - 1}))) is None
    assert balance_before(seen("redeem", account(totals={"earn": month}))) == month


def test_gifts_of_this_month_count_and_older_ones_are_out_of_sight():
    lately = seen("redeem", given_by(9 * DAY_MS, known_ms=10 * DAY_MS))
    assert (received(lately), balance_before(lately)) == (1_000, 2_600)
    long_ago = seen("redeem", given_by(9 * DAY_MS, known_ms=31 * DAY_MS))
    assert (received(long_ago), balance_before(long_ago)) == (None, None)
    crowd = replace(account(totals=TOTALS), peers={"counterparty": peers(PEERS_KEPT)})
    assert received(seen("redeem", crowd)) is None


@pytest.mark.parametrize(("kind", "total", "own", "points"), [
    ("earn", 600, "redeem", 600),
    ("earn", 600, "earn", 610),
    ("earn", 90_000, "redeem", 6_000),
    ("earn", -5, "redeem", 0),
    ("return", 600, "redeem", 6_000),
])  # fmt: skip
def test_what_was_tried_counts_as_far_as_it_was_settled(kind, total, own, points):
    """A refused earning is in the series and not in the total; returns may be taken back, so theirs does not bound."""
    member = account({kind: series(HOUR_MS, points=6_000)}, totals={kind: total})
    assert moved(seen(own, member), (kind,), DAY_S) == points


@thorough
@given(snapshots)
def test_a_longer_window_never_holds_less_of_what_only_adds_up(any_seen):
    plain = replace(any_seen.account, series={
        kind: replace(one, points=[abs(n) for n in one.points], cells=())
        for kind, one in any_seen.account.series.items()
    })  # fmt: skip
    at = replace(any_seen, account=plain)
    for kind in ("earn", "purchase", "transfer"):
        assert moved(at, (kind,), HOUR_S) <= moved(at, (kind,), DAY_S) <= moved(at, (kind,), MONTH_S)


@thorough
@given(snapshots, st.integers(0, 10**6))
def test_points_that_came_in_raise_the_balance_by_as_many(any_seen, more):
    totals = dict(any_seen.account.totals_points)
    richer = replace(any_seen.account, totals_points=totals | {"earn": totals.get("earn", 0) + more})
    assert net(replace(any_seen, account=richer)) == net(any_seen) + more
    assert earned(replace(any_seen, account=richer)) == earned(any_seen) + more
