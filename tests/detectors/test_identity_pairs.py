"""Weights and pairs: the Fellegi-Sunter arithmetic and its laws."""

from __future__ import annotations

from math import exp2, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.identity.pairs import ATTRIBUTES, as_a_whole, compare, kin
from detectors.identity.weights import (
    AGREEMENTS,
    AUTO_CLUSTER,
    LONE,
    PRIOR,
    REVIEW,
    Bits,
    agree,
    differ,
    probability,
)
from detectors.snapshot import Traits

TRAITS = st.builds(Traits, *[st.integers(0, 3)] * 4)
SHARED = st.dictionaries(
    st.sampled_from(["email", "phone", "payment", "device", "name_dob", "address", "ip"]),
    st.integers(1, 300),
    max_size=6,
)
ROUNDING = 1e-12
"""Sums of floats in another order."""
MARY, PETER = Traits(1, 2, 3, 4), Traits(5, 2, 6, 4)


def test_the_posterior_is_the_domain_formula():
    """P = 2^M/(1+2^M), domain section 2; against one alternative alone, M is its sum."""
    for bits in (-20.0, -1.0, 0.0, 3.5, 20.0):
        expected = exp2(bits) / (1 + exp2(bits))
        assert probability(Bits(bits, 1_000.0)) == pytest.approx(expected)
        assert probability(Bits(1_000.0, bits)) == pytest.approx(expected)


@pytest.mark.parametrize("identifier", sorted(AGREEMENTS))
def test_an_agreement_never_speaks_against_and_a_difference_never_for(identifier):
    assert min(agree(identifier)) >= 0.0
    assert agree(identifier).stranger == pytest.approx(
        log2(AGREEMENTS[identifier].m / AGREEMENTS[identifier].stranger)
    )
    if identifier in ATTRIBUTES:
        assert max(differ(identifier)) <= 0.0


@given(st.sampled_from(sorted(AGREEMENTS)), st.integers(1, 1_000), st.integers(1, 1_000))
def test_what_more_accounts_share_proves_less(identifier, some, more):
    """Law: term frequency. A value carried by more accounts never weighs more."""
    some, more = sorted((some, more))
    assert agree(identifier, more).stranger <= agree(identifier, some).stranger


def test_a_device_of_two_hundred_accounts_is_no_evidence():
    assert agree("device", 199).stranger == 0.0


@given(SHARED, TRAITS, TRAITS)
def test_a_pair_is_symmetric(shared, one, other):
    """Law: comparing a with b is comparing b with a."""
    assert compare(shared, one, other) == compare(shared, other, one)


@given(
    SHARED, TRAITS, TRAITS, st.sampled_from(["email", "phone", "payment", "device", "name_dob", "address"])
)
def test_one_more_shared_identifier_never_lowers_the_probability(shared, one, other, identifier):
    """Law: monotonicity in identifiers."""
    without = {name: count for name, count in shared.items() if name != identifier}
    more = {**without, identifier: 1}
    assert compare(more, one, other).probability >= compare(without, one, other).probability - ROUNDING


@given(SHARED, TRAITS, TRAITS, st.sampled_from(ATTRIBUTES))
def test_agreeing_beats_unknown_beats_differing(shared, one, other, attribute):
    """Law: monotonicity in attributes."""
    one = one._replace(**{attribute: 1})
    ladder = [compare(shared, one, other._replace(**{attribute: value})).probability for value in (2, 0, 1)]
    assert ladder == sorted(ladder)


@given(SHARED, TRAITS, TRAITS)
def test_evidence_adds_up_to_the_likelier_alternative(shared, one, other):
    """Law: the weights shown, with the prior, are the sum that decided (to the two decimals), or were capped."""
    pair = compare(shared, one, other)
    shown = sum(each.weight_log2 for each in pair.evidence)
    log_odds = log2(pair.probability / (1 - pair.probability)) if pair.probability < 1 else 60.0
    nearest = min(abs(prior + shown - log_odds) for prior in PRIOR)
    capped = pair.probability <= probability(LONE) + ROUNDING and log_odds < max(PRIOR) + shown
    assert nearest <= 1.0 + 0.01 * len(pair.evidence) or log_odds > 50 or capped


NAMESAKE = MARY._replace(address=0)
"""The same name and birth date, nothing else known."""


@pytest.mark.parametrize("identifier", ["email", "phone", "payment", "device", "name_dob", "address"])
@given(st.integers(1, 300))
def test_one_identifier_alone_is_never_certain(identifier, others):
    """Law: whatever one identifier is, alone or with the IP, it reaches LONE and no more."""
    for shared in ({identifier: others}, {identifier: others, "ip": 1}):
        assert compare(shared, Traits(), Traits()).probability <= probability(LONE) + ROUNDING


def test_name_and_birth_date_are_one_identifier_however_they_are_known():
    assert compare({"name_dob": 1}, MARY, NAMESAKE).probability == pytest.approx(probability(LONE))
    assert compare({}, MARY, NAMESAKE).probability == pytest.approx(probability(LONE))


def test_a_differing_address_speaks_against_a_namesake():
    elsewhere = compare({"name_dob": 1}, MARY, MARY._replace(address=9))
    assert 0.5 < elsewhere.probability < probability(LONE) - 0.03
    assert [each.identifier for each in elsewhere.evidence if each.agreement == "different"] == ["address"]


@pytest.mark.parametrize("second", ["email", "phone", "payment", "device", "address"])
def test_a_second_identifier_lets_a_namesake_be_certain(second):
    assert compare({"name_dob": 1, second: 1}, NAMESAKE, NAMESAKE).probability > AUTO_CLUSTER.value


def test_a_couple_is_not_a_person_whatever_it_shares():
    """Device, card, telephone and address together, another given name and birth date: two people."""
    everything = {"device": 1, "payment": 1, "phone": 1, "address": 1, "ip": 1}
    assert compare(everything, MARY, PETER).probability < 0.01


def test_one_person_with_two_spellings_of_a_mailbox_is_one():
    """Same canonical mailbox, telephone and birth date."""
    birth = Traits(date_of_birth=3)
    assert compare({"email": 1, "phone": 1}, birth, birth).probability > AUTO_CLUSTER.value


def test_twins_are_left_to_a_person():
    """Born the same day, one address, one family name, one device, one telephone: never clustered unasked."""
    twin = MARY._replace(given_name=9)
    assert compare({"device": 1, "phone": 1, "address": 1}, MARY, twin).probability < AUTO_CLUSTER.value
    assert compare({"device": 1, "address": 1}, MARY, twin).probability < REVIEW.value


def test_strangers_of_one_name_are_two():
    """John Smith and John Smith: the names agree, nothing else does, and the birth dates differ."""
    assert compare({}, Traits(1, 2, 3, 4), Traits(1, 2, 5, 6)).probability < 0.05


def test_kin_share_a_home_or_a_name_and_are_not_one_person():
    assert kin(MARY, PETER)
    assert kin(MARY, Traits(5, 9, 6, 4))
    assert not kin(MARY, Traits(1, 2, 6, 4))
    assert not kin(MARY, Traits(5, 9, 6, 8))
    assert not kin(Traits(), Traits())


@given(st.floats(0, 1))
def test_a_probability_known_from_elsewhere_is_shown_as_finite_log_odds(chance):
    assert -31 < as_a_whole("earlier", "carried", chance).weight_log2 < 31
