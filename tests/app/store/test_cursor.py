"""Cursors are opaque and whatever is not exactly one is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store.sql.cursor import NEWEST, BadCursor, Position, read_cursor, write_cursor

WORD = st.integers(-(2**63), 2**63 - 1)


@given(WORD, WORD)
def test_a_cursor_reads_back_as_written(at_ms, seq):
    position = Position(at_ms, seq)
    assert read_cursor(b"d", write_cursor(b"d", position)) == position


def test_no_cursor_starts_at_the_newest():
    assert read_cursor(b"d", None) == NEWEST


def test_a_cursor_of_another_list_is_refused():
    with pytest.raises(BadCursor):
        read_cursor(b"d", write_cursor(b"t", Position(1, 2)))


@given(st.text())
def test_any_other_text_is_refused(text):
    with pytest.raises(BadCursor):
        read_cursor(b"d", text)


@given(WORD, WORD, st.text(min_size=1, max_size=3), st.integers(0, 23))
def test_a_cursor_with_something_put_in_is_refused(at_ms, seq, more, at):
    cursor = write_cursor(b"d", Position(at_ms, seq))
    with pytest.raises(BadCursor):
        read_cursor(b"d", cursor[:at] + more + cursor[at:])


@given(WORD, WORD, st.integers(0, 22))
def test_a_shortened_cursor_is_refused(at_ms, seq, length):
    with pytest.raises(BadCursor):
        read_cursor(b"d", write_cursor(b"d", Position(at_ms, seq))[:length])
