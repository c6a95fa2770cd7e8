"""One account against another: everything they share or differ in, added up."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import Final, Literal, NamedTuple

from detectors.identity.weights import PERSON, PRIOR, Bits, agree, differ, probability
from detectors.snapshot import Traits

ATTRIBUTES: Final = Traits._fields


class Evidence(NamedTuple):
    """
    One observation about a pair.

    identifier:  email, phone, payment, device, ip, address, name_dob, given_name, family_name, date_of_birth;
                 `earlier` for a link found before, `sign_ups` for accounts that arrived together.
    agreement:   exact or different; `carried` and `together` for the last two.
    weight_log2: bits against the likelier of the two alternatives (strangers, household); positive speaks for
                 one person. For `earlier` and `sign_ups` the log-odds of the whole link.
    """

    identifier: str
    agreement: Literal["exact", "different", "carried", "together"]
    weight_log2: float


class Pair(NamedTuple):
    """P(one person) in (0, 1), and what it was computed from, heaviest first."""

    probability: float
    evidence: tuple[Evidence, ...]


def compare(shared: Mapping[str, int], own: Traits, other: Traits) -> Pair:
    """
    Compare two accounts. Symmetric in the accounts.

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
    stranger, household = PRIOR
    for _, _, bits in found:
        stranger += bits.stranger
        household += bits.household
    alternative = 0 if stranger <= household else 1
    evidence = [
        Evidence(identifier, agreement, round(bits[alternative], 2)) for identifier, agreement, bits in found
    ]
    evidence.sort(key=_heaviest_first)
    return Pair(probability(Bits(stranger, household)), tuple(evidence))


def as_a_whole(identifier: str, agreement: Literal["carried", "together"], chance: float) -> Evidence:
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


def _heaviest_first(evidence: Evidence) -> tuple[float, str]:
    return -abs(evidence.weight_log2), evidence.identifier


_LEAST_CHANCE: Final = 1e-9
"""Keeps log-odds finite, at thirty bits."""
