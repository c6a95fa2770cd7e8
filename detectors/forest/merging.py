"""Which segments get a forest of their own, which share one, and which are left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from detectors.forest.gathering import Segment

BAND_TIMES: Final = 10
"""A farm of some hundred accounts is a large part of a thin band of newcomers, where it would hide itself: with ten
times as many rows it is a few in a hundred."""


class Group(NamedTuple):
    """
    Rows that are learned from together.

    segment: their name; "" is any.
    members: the segments whose rows they are.
    serves:  the segments judged by what is learned; ("p", "redeem", "") also stands for tenures never met.
    rows:    how many.
    """

    segment: Segment
    members: tuple[Segment, ...]
    serves: tuple[Segment, ...]
    rows: int


def merged(totals: Mapping[Segment, int], min_rows: int) -> tuple[list[Group], list[Segment]]:
    """
    The groups to learn, and the segments left out; both in order of their names.

    1. A tenure band of a type stands alone from `BAND_TIMES` × min_rows on.
    2. A type stands with all its bands, for those that are thin and for those never met.
    3. Types that are thin even so are judged beside their whole programme: alone, a dozen false returns among
       twenty would be the usual thing. Being rare is then part of being unusual.
    4. What is thin in every programme is merged over all of them.
    5. What is left has no model.
    """
    groups: list[Group] = []
    types: dict[Segment, list[Segment]] = defaultdict(list)
    for segment in sorted(totals):
        types[segment[0], segment[1], ""].append(segment)
    thin: dict[Segment, list[Segment]] = defaultdict(list)
    for whole, bands in sorted(types.items()):
        if _rows(bands, totals) < min_rows:
            thin[whole[0], "", ""] += bands
            continue
        alone = [one for one in bands if totals[one] >= BAND_TIMES * min_rows] if len(bands) > 1 else []
        groups += [Group(one, (one,), (one,), totals[one]) for one in alone]
        others = tuple(one for one in bands if one not in alone)
        groups.append(Group(whole, tuple(bands), (*others, whole), _rows(bands, totals)))
    last: list[Segment] = []
    for programme, several in sorted(thin.items()):
        crowd = [one for one in totals if one[0] == programme[0]]
        if _rows(crowd, totals) < min_rows:
            last += several
        else:
            groups.append(_shared(programme, several, crowd, totals))
    if last and _rows(last, totals) >= min_rows:
        groups.append(_shared(("", "", ""), last, last, totals))
        last = []
    return sorted(groups), last


def _shared(
    name: Segment, served: list[Segment], crowd: list[Segment], totals: Mapping[Segment, int]
) -> Group:
    wholes = {(one[0], one[1], "") for one in served}
    return Group(name, tuple(sorted(crowd)), tuple(sorted({*served, *wholes})), _rows(crowd, totals))


def _rows(several: Iterable[Segment], totals: Mapping[Segment, int]) -> int:
    return sum(totals[one] for one in several)
