"""Rights grow from role to role, and limits only ever narrow."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.users.rights import (
    ACTIONS,
    EVERYTHING,
    FOUR_EYES,
    RIGHTS,
    ROLES,
    Proposal,
    Scope,
    may,
    may_approve,
    needs_second,
)

DOCS = Path(__file__).parents[3] / "docs" / "console.md"
IDS = st.sets(st.sampled_from("abc"))
LIMITS = st.none() | IDS.map(frozenset)
SCOPES = st.builds(Scope, LIMITS, LIMITS, LIMITS)


def table() -> dict[str, set[str]]:
    """The table in the documentation: action → roles that have it."""
    lines = [line for line in DOCS.read_text().splitlines() if line.startswith("|")]
    heads = [cell.strip(" `") for cell in lines[0].strip("|").split("|")]
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines[2:]]
    return {
        row[0]: {heads[at] for at in range(1, len(ROLES) + 1) if row[at] == "yes"}
        for row in rows
        if row[0] in ACTIONS
    }


def test_the_documentation_shows_every_right_of_every_role():
    assert table() == {action: {role for role in ROLES if may(role, action)} for action in ACTIONS}


def test_who_works_cases_can_do_all_that_the_role_below_can():
    assert RIGHTS["viewer"] < RIGHTS["analyst"] < RIGHTS["senior"] < RIGHTS["programme_admin"]


def test_who_watches_does_not_act_and_who_manages_people_sees_no_member():
    acting = RIGHTS["programme_admin"] - RIGHTS["viewer"]
    assert RIGHTS["auditor"] & acting == {"view_policy", "view_audit", "export"}
    assert RIGHTS["security_admin"] == {"own_profile", "view_playbook", "view_audit", "manage_users"}


@given(SCOPES, SCOPES, st.sampled_from("abc"), IDS, IDS)
def test_what_two_scopes_have_in_common_is_what_both_admit(one, other, program, partners, stores):
    """Never more than either; and where each part names one thing, exactly both."""
    if one.within(other).admits(program, partners, stores):
        assert one.admits(program, partners, stores)
        assert other.admits(program, partners, stores)
    single = (program, sorted(partners)[:1], sorted(stores)[:1])
    assert one.within(other).admits(*single) == (one.admits(*single) and other.admits(*single))


@given(SCOPES, st.sampled_from("abc"), IDS, IDS)
def test_no_limit_changes_nothing_and_an_empty_one_admits_nothing(scope, program, partners, stores):
    assert scope.within(EVERYTHING) == scope == EVERYTHING.within(scope)
    assert not scope.within(Scope(programs=frozenset())).admits(program, partners, stores)


def test_a_franchise_sees_what_touched_its_stores_and_nothing_else():
    scope = Scope(frozenset({"default"}), None, frozenset({"s-1", "s-2"}))
    assert scope.admits("default", stores=["s-9", "s-2"])
    assert not scope.admits("default", stores=["s-9"])
    assert not scope.admits("default")
    assert not scope.admits("other", stores=["s-1"])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", sorted(FOUR_EYES))
def test_nobody_approves_what_they_proposed(role, action):
    assert not may_approve("usr_1", role, Proposal(action, "usr_1"))
    assert may_approve("usr_2", role, Proposal(action, "usr_1")) == (role in {"senior", "programme_admin"})


def test_closing_always_waits_for_another_and_releasing_only_above_the_limit():
    assert needs_second("close_account")
    assert needs_second("release_above", 10_001, 10_000)
    assert not needs_second("release_above", 10_000, 10_000)
    assert not needs_second("lock_account", 10_001, 0)
