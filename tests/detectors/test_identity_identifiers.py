"""What a profile identifies a person by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from detectors.event import Profile
from detectors.identity.birth import canonical_birth
from detectors.identity.identifiers import Attributes, attributes, identifiers
from detectors.snapshot import Traits

ANNA = Profile(
    email="Anna.Mueller+shop@googlemail.com",
    phone="030 23125 000",
    given_name="Anna Maria",
    family_name="Müller",
    date_of_birth="1990-02-28",
    street="Hauptstraße 5",
    postcode="10115",
    city="Berlin",
    country="DE",
)


def test_a_full_profile_gives_all_four():
    assert identifiers(ANNA, None) == {
        "email": "annamueller@gmail.com",
        "phone": "+493023125000",
        "address": "haupt str 5|10115|de",
        "name_dob": "anna|muller|1990-02-28",
    }
    assert attributes(ANNA, None) == Attributes("anna", "muller", "1990-02-28", "haupt str 5|10115|de")


def test_only_what_is_present_and_valid_is_given():
    assert identifiers(Profile(), "DE") == {}
    assert identifiers(Profile(email="nobody", phone="1", date_of_birth="1990-02-30"), "DE") == {}
    assert attributes(Profile(given_name="-"), "DE") == Attributes()


def test_swapped_name_fields_are_one_person():
    swapped = replace(ANNA, given_name="Müller", family_name="Anna")
    assert identifiers(swapped, None)["name_dob"] == identifiers(ANNA, None)["name_dob"]


def test_the_programme_country_stands_in_for_an_unnamed_one():
    assert identifiers(replace(ANNA, country=None), "DE") == identifiers(ANNA, "AT")
    assert "phone" not in identifiers(replace(ANNA, country=None), None)


def test_attributes_stand_in_the_order_of_traits():
    """The service hashes them position by position into `Traits`."""
    assert Attributes._fields == Traits._fields


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("1990-02-28", "1990-02-28"),
        ("2000-02-29", "2000-02-29"),
        ("1900-02-29", None),
        ("1990-13-01", None),
        ("0000-00-00", None),
        ("1899-12-31", None),
        ("1900-01-01", None),
        ("1970-01-01", None),
        ("19900228x", None),
    ],
)
def test_birth_dates_are_days_of_the_calendar_that_mean_something(written, known):
    """1900 was no leap year (Gregorian rule); placeholders would link strangers."""
    assert canonical_birth(written) == known


TEXT = st.none() | st.text(min_size=1, max_size=30)


@given(
    st.builds(
        Profile,
        email=TEXT,
        phone=TEXT,
        given_name=TEXT,
        family_name=TEXT,
        date_of_birth=st.none() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True),
        street=TEXT,
        postcode=TEXT,
        city=TEXT,
        country=st.sampled_from([None, "DE", "US", "XX"]),
    ),
    st.sampled_from([None, "GB"]),
)
def test_no_profile_raises_and_no_identifier_is_empty(profile, region):
    """Law: any profile the schema lets in gives non-empty identifiers of the four kinds."""
    found = identifiers(profile, region)
    assert set(found) <= {"email", "phone", "address", "name_dob"}
    assert all(found.values())
