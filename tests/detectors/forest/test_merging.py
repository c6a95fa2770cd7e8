"""Thin segments are merged with their like, upwards, and what is left is named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detectors.forest.merging import merged


def segments(*rows: tuple[str, int]) -> dict[tuple[str, str, str], int]:
    return {tuple(name.split("/")): count for name, count in rows}  # type: ignore[misc]


def shown(totals: dict[tuple[str, str, str], int]) -> tuple[dict[str, list[str]], list[str]]:
    groups, left = merged(totals, 100)
    return {"/".join(one.segment): ["/".join(s) for s in one.serves] for one in groups}, [
        "/".join(one) for one in left
    ]


def test_bands_with_rows_enough_stand_alone_and_thin_ones_share_their_type():
    """The type's forest learns from all its bands, and also judges tenures never met."""
    groups, left = merged(segments(("p/earn/old", 1_000), ("p/earn/new", 40)), 100)
    by_name = {one.segment: one for one in groups}
    assert by_name["p", "earn", "old"].serves == (("p", "earn", "old"),)
    whole = by_name["p", "earn", ""]
    assert whole.rows == 1_040
    assert whole.members == (("p", "earn", "new"), ("p", "earn", "old"))
    assert whole.serves == (("p", "earn", "new"), ("p", "earn", ""))
    assert left == []


def test_a_single_band_is_learned_once():
    """The type and its only band are the same rows."""
    assert shown(segments(("p/earn/old", 500))) == ({"p/earn/": ["p/earn/old", "p/earn/"]}, [])


def test_thin_types_are_judged_beside_their_whole_programme():
    """What is false in most of a thin type would be the usual thing there."""
    totals = segments(
        ("p/earn/old", 9_000), ("p/redeem/old", 1_000), ("p/adjust/old", 60), ("p/close/old", 5)
    )
    groups, left = merged(totals, 100)
    shared = next(one for one in groups if one.segment == ("p", "", ""))
    assert shared.members == tuple(sorted(totals))
    assert shared.rows == 10_065
    assert ("p", "adjust", "") in shared.serves
    assert not any(one[1] == "redeem" for one in shared.serves)
    assert left == []


def test_programmes_that_are_thin_are_merged_over_all():
    """Thin in both, enough together."""
    found, left = shown(segments(("p/earn/old", 60), ("q/earn/old", 60)))
    assert found == {"//": ["p/earn/", "p/earn/old", "q/earn/", "q/earn/old"]}
    assert left == []


def test_what_is_thin_even_merged_is_left_out_by_name():
    """Nothing is judged by a handful of rows."""
    found, left = shown(segments(("p/earn/old", 500), ("r/close/old", 9), ("q/close/new", 7)))
    assert list(found) == ["p/earn/"]
    assert left == ["q/close/new", "r/close/old"]


NAMES = st.tuples(st.sampled_from("pq"), st.sampled_from(["earn", "redeem", "close"]), st.sampled_from("abc"))


@given(st.dictionaries(NAMES, st.integers(1, 300)))
def test_every_segment_is_judged_once_or_left_out(totals):
    """And no forest is learned from fewer rows than it takes."""
    groups, left = merged(totals, 100)
    served = [segment for one in groups for segment in one.serves]
    assert len(served) == len(set(served))
    assert {one for one in served if one[2]} | set(left) == set(totals)
    assert not set(served) & set(left)
    assert all(one.rows == sum(totals[member] for member in one.members) >= 100 for one in groups)
    assert sum(totals[one] for one in left) < 100
