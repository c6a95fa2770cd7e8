"""No cell of an export can be run by a spreadsheet, and every table comes back as it was."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reviewing.export import FORMULAS, ROWS_AT_ONCE, rows_as_csv
from app.reviewing.wilson import share

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=6))
def test_no_cell_begins_like_a_formula_and_nothing_else_is_changed(rows):
    read = list(csv.reader(StringIO("".join(rows_as_csv(("a", "b"), rows)), newline="")))
    assert read[0] == ["a", "b"]
    for row, told in zip(rows, read[1:], strict=True):
        for cell, said in zip(row, told, strict=True):
            assert not said.startswith(FORMULAS)
            assert said in {cell, f"'{cell}"}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1"])
def test_formulas_are_told_as_text(cell):
    [_, row] = csv.reader(StringIO("".join(rows_as_csv(("a",), [(cell,)])), newline=""))
    assert row == [f"'{cell}"]


def test_numbers_stay_numbers_and_come_in_pieces():
    pieces = list(rows_as_csv(("n",), ((-n,) for n in range(2 * ROWS_AT_ONCE + 1))))
    assert len(pieces) == 3
    assert "".join(pieces).split("\r\n")[2] == "-1"


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_share_and_narrows_with_the_count(part, more):
    found, larger = share(part, part + more), share(10 * part, 10 * (part + more))
    if found.share is None:
        assert (found.low, found.high) == (0.0, 1.0)
        return
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert larger.high - larger.low <= found.high - found.low


def test_wilsons_interval_is_that_of_the_tables():
    """81 of 263: 0.2553 to 0.3662 (Newcombe 1998, table I)."""
    found = share(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
