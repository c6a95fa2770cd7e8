"""Canonical telephone numbers: E.164."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.identity.phone import canonical_phone


@pytest.mark.parametrize(
    ("written", "region", "e164"),
    [
        ("044 668 18 00", "CH", "+41446681800"),  # libphonenumber, README quick example
        ("+1-201-555-0123", None, "+12015550123"),  # RFC 3966 section 6
        ("tel:+1-201-555-0123", "DE", "+12015550123"),
        ("020 7946 0958", "GB", "+442079460958"),  # Ofcom's numbers for drama
        ("+44 (0)20 7946 0958", None, "+442079460958"),
        ("0044 20 7946 0958", "DE", "+442079460958"),
        ("030 23125 000", "DE", "+493023125000"),  # Bundesnetzagentur's numbers for drama, Berlin
        ("02 3661 8300", "IT", "+390236618300"),  # libphonenumber tests: Italy keeps its zero
        ("(555) 123-4567 ext. 89", "US", "+15551234567"),
    ],
)
def test_numbers_are_written_as_published(written, region, e164):
    assert canonical_phone(written, region) == e164


@pytest.mark.parametrize(
    ("rubbish", "region"),
    [
        ("", "DE"),
        ("abc", "DE"),
        ("12", "DE"),
        ("0301234567", None),
        ("0301234567", "XX"),
        ("+999123456789", None),
        ("123456789012345678", "DE"),
        ("2530000", "US"),
    ],
)
def test_what_no_telephone_can_have_is_none(rubbish, region):
    """2530000 in the US is a local number without its area: possible, but not one telephone."""
    assert canonical_phone(rubbish, region) is None


@given(
    st.from_regex(r"\+(?:1[2-9]\d{9}|49151\d{8}|4479\d{8}|39\d{9,10}|336\d{8})", fullmatch=True),
    st.sampled_from([None, "DE", "US", "IT", "GB"]),
)
def test_canonical_is_idempotent_in_every_region(written, region):
    """Law: an E.164 number is its own canonical form, whatever the programme's country."""
    number = canonical_phone(written, None)
    assert number is not None
    assert canonical_phone(number, region) == number


@given(st.text(max_size=40), st.sampled_from([None, "DE", "ZZ", ""]))
def test_any_text_gives_a_number_or_none(written, region):
    """Law: never raises."""
    number = canonical_phone(written, region)
    assert number is None or number.startswith("+")
