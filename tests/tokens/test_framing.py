"""Joined byte strings can be told apart."""

from hypothesis import given
from hypothesis import strategies as st

from tokens.framing import framed

PARTS = st.lists(st.binary(max_size=4), max_size=4)


@given(PARTS, PARTS)
def test_two_lists_give_the_same_bytes_only_if_they_are_the_same(one, other):
    assert (framed(*one) == framed(*other)) == (one == other)


def test_a_boundary_cannot_be_moved():
    assert framed(b"ab", b"c") != framed(b"a", b"bc")
    assert framed(b"a") == b"\x00\x00\x00\x01a"
