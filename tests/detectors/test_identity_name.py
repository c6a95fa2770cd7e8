"""Canonical names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.identity.fold import collapse, fold, words
from detectors.identity.name import canonical_family, canonical_given

NAMES = st.text(max_size=30) | st.text(
    alphabet="aeouüäößøœæłñéÅçíIİ\u0131 '-\u00b4\u2019.ARSTZ",
    max_size=20,
)


@pytest.mark.parametrize(
    "spellings",
    [
        ("Müller", "MUELLER", "Muller", "mu\u0308ller"),
        ("Großmann", "Grossmann", "GROSSMANN"),
        ("Sørensen", "Soerensen", "Sorensen"),
        ("Ångström", "Aangstroem", "Angstrom"),
        ("Łukasz", "Lukasz"),
        ("Þórsson", "Thorsson"),
        ("O'Brien", "O’Brien", "O´Brien", "obrien"),  # noqa: RUF001 - three apostrophes
        ("von der Leyen", "Von-der-Leyen", "VON DER LEYEN"),
        ("Dr. Schmidt", "Schmidt", "Schmidt, PhD"),
        ("Smith Jr.", "Smith"),
    ],
)
def test_spellings_of_one_family_name_meet(spellings):
    """Each row: the name, its ICAO Doc 9303 transliteration where it has one, and the bare letters."""
    assert len({canonical_family(each) for each in spellings}) == 1


@pytest.mark.parametrize(
    ("short", "formal"),
    [
        ("Bob", "Robert"),
        ("Bill", "William"),
        ("Liz", "Elizabeth"),
        ("Peggy", "Margaret"),
        ("Jack", "John"),
        ("Mike", "Michael"),
        ("Kate", "Katherine"),
        ("Joe", "Joseph"),
        ("Sue", "Susan"),
        ("Dick", "Richard"),
        ("Herr Robert J.", "Robert"),
        ("J. Robert", "Robert"),
        ("Anna Maria", "Anna"),
    ],
)
def test_nicknames_and_middle_names_meet_the_formal_name(short, formal):
    assert canonical_given(short) == canonical_given(formal)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maria", "Marietta"),
        ("Anna", "Hannah"),
        ("Hans-Peter", "Hans"),
        ("Michael", "Robert"),
        ("Peter", "Patrick"),
        ("Andrew", "Andrea"),
        ("Lisa", "Elizabeth"),
        ("Jean-Luc", "Jean-Pierre"),
    ],
)
def test_names_that_are_not_one_stay_apart(one, other):
    """The nickname data would join several of these; two people of one household must not become one."""
    assert canonical_given(one) != canonical_given(other)


def test_a_name_without_a_letter_is_none():
    assert canonical_given(" .- 12 ") is None
    assert canonical_family("") is None


def test_other_scripts_keep_their_letters():
    assert canonical_family("Иванова") != canonical_family("Иванов")
    assert canonical_given("नेहा") != canonical_given("नहा")


@given(NAMES)
def test_canonical_is_idempotent(written):
    """Law: the canonical form of a canonical form is itself."""
    for canonical in (canonical_given, canonical_family):
        name = canonical(written)
        assert name is None or canonical(name) == name


@given(NAMES)
def test_folding_is_idempotent(written):
    """Law: fold, collapse and words change nothing the second time."""
    folded = fold(written)
    assert fold(folded) == folded
    assert collapse(collapse(folded)) == collapse(folded)
    assert words(" ".join(words(written))) == words(written)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüéß", min_size=1, max_size=15))
def test_case_never_matters(written):
    """Law: a name in capitals is the same name."""
    assert canonical_family(written.upper()) == canonical_family(written)
