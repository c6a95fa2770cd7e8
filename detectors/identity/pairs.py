"""One account against another: everything they share or differ in, added up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import log2
from typing import Final, Literal, NamedTuple

from detectors.identity.weights import (
    LONE,
    PERSON,
    PRIOR,
    Bits,
    agree,
    differ,
    probability,
    sum_bits,
)
from detectors.snapshot import Traits

ATTRIBUTES: Final = Traits._fields


class Evidence(NamedTuple):
    """
    One observation about a pair.

    identifier:  email, phone, payment, device, ip, address, name_dob, given_name, family_name, date_of_birth;
                 `earlier` for a link found before, `sign_ups` for accounts that arrived together, `analyst` for what a
                 person said.
    agreement:   exact or different; `carried`, `together` and `confirmed` for the last three.
    weight_log2: bits against the likelier of the two alternatives (strangers, household); positive speaks for
                 one person. For the last three the log-odds of the whole link.
    """

    identifier: str
    agreement: Literal["exact", "different", "carried", "together", "confirmed"]
    weight_log2: float


class Pair(NamedTuple):
    """P(one person) in (0, 1), and what it was computed from, heaviest first."""

    probability: float
    evidence: tuple[Evidence, ...]


def compare(shared: Mapping[str, int], own: Traits, other: Traits) -> Pair:
    """
    Compare two accounts. Symmetric in the accounts.

    One identifier that agrees reaches LONE at most, however rare; what differs then counts against that.

    Args:
        shared: Identifier both carry → how many other accounts carry the same value, at least 1.
        own: Attributes of one account; 0 is unknown and says nothing.
        other: Attributes of the other.
    """
    found: list[tuple[str, Literal["exact", "different"], Bits]] = [
        (identifier, "exact", agree(identifier, others)) for identifier, others in shared.items()
    ]
    for attribute, one, two in zip(ATTRIBUTES, own, other, strict=True):
        if not one or not two or attribute in shared or ("name_dob" in shared and attribute in PERSON):
            continue
        found.append(
            (attribute, "exact", agree(attribute))
            if one == two
            else (attribute, "different", differ(attribute))
        )
    agreeing = {identifier: bits for identifier, agreement, bits in found if agreement == "exact"}
    differing = {identifier: bits for identifier, agreement, bits in found if agreement == "different"}
    total = sum_bits([PRIOR, *agreeing.values()])
    if _independent(agreeing, differing) < _CERTAIN_FROM:
        total = Bits(min(total.stranger, LONE.stranger), min(total.household, LONE.household))
    total = sum_bits([total, *differing.values()])
    alternative = 0 if total.stranger <= total.household else 1
    evidence = [
        Evidence(identifier, agreement, round(bits[alternative], 2)) for identifier, agreement, bits in found
    ]
    evidence.sort(key=_heaviest_first)
    return Pair(probability(total), tuple(evidence))


def as_a_whole(
    identifier: str, agreement: Literal["carried", "together", "confirmed"], chance: float
) -> Evidence:
    """Evidence that is not a comparison but a probability known from elsewhere, as log-odds."""
    within = min(max(chance, _LEAST_CHANCE), 1.0 - _LEAST_CHANCE)
    return Evidence(identifier, agreement, round(log2(within / (1.0 - within)), 2))


def kin(own: Traits, other: Traits) -> bool:
    """Whether two people look like one household: same address or family name, but not one person."""
    return (
        (bool(own.address) and own.address == other.address)
        or (bool(own.family_name) and own.family_name == other.family_name)
    ) and not (
        (bool(own.given_name) and own.given_name == other.given_name)
        or (bool(own.date_of_birth) and own.date_of_birth == other.date_of_birth)
    )


def _independent(agreeing: Collection[str], differing: Collection[str]) -> int:
    """How many identifiers agree. Name and birth date are one; a family name or an IP alone is none."""
    person = not _OF_ONE.isdisjoint(agreeing) and _OF_ONE.isdisjoint(differing)
    return person + len(_APART.intersection(agreeing))


def _heaviest_first(evidence: Evidence) -> tuple[float, str]:
    return -abs(evidence.weight_log2), evidence.identifier


_OF_ONE: Final = frozenset({"name_dob", "given_name", "date_of_birth"})
_APART: Final = frozenset({"email", "phone", "payment", "device", "address"})
_CERTAIN_FROM: Final = 2
"""Identifiers that must agree before a pair may pass LONE."""
_LEAST_CHANCE: Final = 1e-9
"""Keeps log-odds finite, at thirty bits."""
