"""Whatever is linked is one case, the oldest goes on, nobody is in two, and no ring grows beyond its limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.cases.grouping import OpenCase, groups

NAMES = [f"m-{n}" for n in range(8)]
NAME = st.sampled_from(NAMES)


@st.composite
def situations(draw):
    flagged = draw(st.sets(NAME, min_size=1))
    number = {name: draw(st.integers(0, 3)) for name in NAMES}  # 0: in no case
    sizes = {n: sum(1 for one in number.values() if one == n) for n in (1, 2, 3)}
    at = {name: OpenCase(n, f"cas_{n}", sizes[n]) for name, n in number.items() if n}
    pairs = draw(st.lists(st.tuples(st.sampled_from(sorted(flagged)), NAME), max_size=10))
    return flagged, at, [pair for pair in pairs if pair[0] != pair[1]]


@given(situations(), st.integers(2, 8))
def test_everybody_flagged_has_one_home_and_cases_only_merge_into_older_ones(situation, most):
    flagged, at, linked = situation
    found = groups(flagged, at, linked, most)
    homes = [name for group in found for name in group.newcomers]
    assert sorted(homes) == sorted(flagged - at.keys())
    cases = [case for group in found for case in (group.into, *group.merged) if case]
    assert len(cases) == len(set(cases))
    assert {at[name] for name in flagged & at.keys()} <= set(cases)
    for group in found:
        assert group.into is not None or (group.newcomers and not group.merged)
        assert all(group.into.seq < other.seq for other in group.merged)
        total = len(group.newcomers) + sum(case.size for case in (group.into, *group.merged) if case)
        assert total <= most or not (group.merged or (group.into and group.newcomers))


@given(situations())
def test_linked_accounts_share_a_home(situation):
    flagged, at, linked = situation
    found = groups(flagged, at, linked)
    home = {}
    for n, group in enumerate(found):
        home |= dict.fromkeys(group.newcomers, n)
        for case in (group.into, *group.merged):
            home |= {name: n for name, where in at.items() if where == case}
    for one, other in linked:
        assert other not in home or home[one] == home[other]


def test_an_account_linked_with_nobody_known_stays_alone():
    (group,) = groups({"m-1"}, {}, [("m-1", "m-2")])
    assert group == (None, (), ("m-1",))
