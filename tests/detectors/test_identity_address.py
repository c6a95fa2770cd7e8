"""Canonical addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.identity.address import canonical_address, canonical_postcode, canonical_street


@pytest.mark.parametrize(
    "spellings",
    [
        (
            "Hauptstraße 5",
            "Hauptstr. 5",
            "5 Hauptstrasse",
            "HAUPTSTRASSE 5",
            "Haupt-Str. 5",
            "Hauptstraße Nr. 5",
        ),
        ("12 High Street", "12 High St.", "12, high st"),
        ("3/12 High Street", "Flat 3, 12 High St", "12 High Street Apt 3", "12 high st #3"),
        ("12 a Church Road", "12A Church Rd"),
        ("1 St George's Avenue", "1 Saint Georges Ave"),
        ("Königsallee 1", "Koenigsallee 1", "Konigsallee 1"),
        ("1600 Pennsylvania Avenue North West", "1600 Pennsylvania Ave N W"),
    ],
)
def test_spellings_of_one_home_meet(spellings):
    """Abbreviations of Deutsche Post, Royal Mail, USPS Publication 28 and AS 4590."""
    assert len({canonical_street(each) for each in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hauptstr. 5", "Hauptstr. 6"),
        ("Flat 3, 12 High St", "Flat 12, 3 High St"),
        ("12 High St", "12a High St"),
        ("Flat 3, 12 High St", "Flat 4, 12 High St"),
        ("12 High Street", "12 High Road"),
    ],
)
def test_different_homes_stay_apart(one, other):
    assert canonical_street(one) != canonical_street(other)


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("D-10115", "10115"),
        ("SW1A 1AA", "sw1a1aa"),
        ("12345-6789", "12345"),
        ("CH-8001", "8001"),
        (" 1010 ", "1010"),
        ("-", None),
    ],
)
def test_postcodes_are_bare(written, bare):
    assert canonical_postcode(written) == bare


def test_an_address_needs_a_street_and_a_place():
    """The city counts only where the postcode is unknown; a country alone is no place."""
    assert canonical_address("Zeil 1", "60313", "Frankfurt", "DE") == canonical_address(
        "Zeil 1", "60313", "Frankfurt am Main", "DE"
    )
    assert canonical_address("Zeil 1", None, "Frankfurt", "DE") == "zeil 1|frankfurt|de"
    assert canonical_address("Zeil 1", "60313", None, "DE") != canonical_address(
        "Zeil 1", "60313", None, "AT"
    )
    assert canonical_address("Zeil 1", None, None, "DE") is None
    assert canonical_address(None, "60313", "Frankfurt", "DE") is None


@given(
    st.text(max_size=40)
    | st.lists(
        st.sampled_from(
            ["Haupt", "straße", "str.", "3/12", "12 a", "#4", "flat", "Nr.", "St", "Saint", "5-7", "e", "b"]
        ),
        max_size=7,
    ).map(" ".join)
)
def test_canonical_is_idempotent(written):
    """Law: the canonical form of a canonical form is itself."""
    for canonical in (canonical_street, canonical_postcode):
        home = canonical(written)
        assert home is None or canonical(home) == home
