"""Who waits for a second person: whatever would let one person alone hold the power to approve."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.users.limits import REQUEST_LIFE_MS, SECOND_WAIT_MS
from app.users.rights import EVERYTHING, ROLES, Scope, may
from app.users.seconding import Request, change_waits, link_waits, may_go_ahead

NOW = 1_780_000_000_000
ASKED = Request("req_1", "usr_whom", "link", "senior", EVERYTHING, 1, "usr_asker", NOW)
limits = st.none() | st.frozensets(st.sampled_from(["a", "b", "c"]), max_size=3)
scopes = st.builds(Scope, limits, limits, limits)
roles = st.sampled_from(ROLES)


def test_the_roles_that_decide_over_others_are_for_two():
    assert {role for role in ROLES if link_waits(role)} == {"senior", "programme_admin", "security_admin"}


@given(roles, scopes, roles, scopes)
def test_who_may_approve_more_than_before_was_seconded(role, scope, to_role, to_scope):
    """However small a step: no right of the strong, and nothing new in their sight, without a second."""
    if change_waits(role, scope, to_role, to_scope):
        return
    if link_waits(to_role):
        assert all(may(role, right) for right in ("approve", "release_above") if may(to_role, right))
        for at in range(3):
            assert scope[at] is None or (to_scope[at] is not None and to_scope[at] <= scope[at])


@given(roles, scopes)
def test_a_change_that_changes_nothing_or_takes_away_waits_for_nobody(role, scope):
    assert not change_waits(role, scope, role, scope)
    assert not change_waits(role, EVERYTHING, role, scope)
    assert not change_waits(role, scope, "viewer", EVERYTHING)


@pytest.mark.parametrize(
    ("user_id", "after_ms", "may_it"),
    [
        ("usr_second", 0, True),
        ("usr_asker", 0, False),
        ("usr_whom", 0, False),
        ("usr_asker", SECOND_WAIT_MS - 1, False),
        ("usr_asker", SECOND_WAIT_MS, True),
        ("usr_whom", SECOND_WAIT_MS, True),
        ("usr_second", REQUEST_LIFE_MS - 1, True),
        ("usr_second", REQUEST_LIFE_MS, False),
        ("usr_asker", REQUEST_LIFE_MS, False),
    ],
)
def test_another_goes_ahead_at_once_and_anybody_after_the_wait_until_it_is_over(user_id, after_ms, may_it):
    assert may_go_ahead(ASKED, user_id, NOW + after_ms) is may_it
