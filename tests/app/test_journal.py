"""Entries of the journal: opened as they were sealed, by this installation alone, each day under its own key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.journal import DAY_BYTES, Journal
from app.ports.journal import LinkFound
from app.seal import SealBroken

MASTER = bytes(range(32))
DAY_MS = 86_400_000


def test_an_entry_is_opened_as_it_was_sealed(decided, told):
    journal = Journal(MASTER)
    entry = decided(
        1, type="redeem", links=(LinkFound(b"8 bytes!", 0.9, (("email", "same", 9.5),)),), found=b"found"
    )
    for one in (entry, told(entry, "reversed")):
        assert journal.open(journal.seal(one, 5 * DAY_MS)) == one


@given(st.integers(0, 40_000))
def test_any_day_opens_whatever_day_it_is_opened(decided, day):
    sealed = Journal(MASTER).seal(decided(1), day * DAY_MS)
    assert Journal(MASTER).open(sealed) == decided(1)
    assert int.from_bytes(sealed[:DAY_BYTES]) == day


def test_nothing_of_the_entry_is_plain(decided):
    sealed = Journal(MASTER).seal(decided(1, account_id="canary-account"), 0)
    assert b"canary" not in sealed
    assert b"e-1" not in sealed


@given(st.data())
def test_a_changed_bit_anywhere_breaks_the_seal(decided, data):
    sealed = bytearray(Journal(MASTER).seal(decided(1), DAY_MS))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealBroken):
        Journal(MASTER).open(bytes(sealed))


@given(st.binary(max_size=80))
def test_what_nobody_sealed_is_not_opened(garbage):
    with pytest.raises(SealBroken):
        Journal(MASTER).open(garbage)


def test_another_installation_cannot_open_it(decided):
    with pytest.raises(SealBroken):
        Journal(MASTER[::-1]).open(Journal(MASTER).seal(decided(1), 0))
