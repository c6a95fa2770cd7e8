"""Money is told with as many digits as its currency has."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.amounts import amount, decimal, minor_digits


@pytest.mark.parametrize(
    ("minor", "currency", "told"),
    [
        (123_450, "EUR", "1,234.50 EUR"), (5, "EUR", "0.05 EUR"), (-5, "EUR", "-0.05 EUR"), (1_234, "JPY", "1,234 JPY"),
        (1_234_567, "KWD", "1,234.567 KWD"), (0, "JPY", "0 JPY"),
    ],
)  # fmt: skip
def test_an_amount_as_a_person_reads_it(minor, currency, told):
    assert amount(minor, currency) == told


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_no_minor_unit_is_lost(minor, currency):
    assert Decimal(decimal(minor, currency)).scaleb(minor_digits(currency)) == minor
