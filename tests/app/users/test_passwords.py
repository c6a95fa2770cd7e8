"""Which passwords are taken, and how they are kept."""

from __future__ import annotations

import re

import pytest
from argon2 import extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from app.users import recovery
from app.users.limits import WAITS_MS, wait_ms
from app.users.passwords import FOR_TESTS, ON_DUTY, Passwords, fault

pytestmark = pytest.mark.anyio
EMAIL = "ana.lindner@shop.example"


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "ÄÖÜ äöü ßßß ñ", "x7!kQ 2pL#9wz", "a" * 3 + "bcdefghij" + "z" * 116],
)
def test_length_is_what_counts(password):
    assert fault(password, EMAIL) is None


@pytest.mark.parametrize(
    "password",
    ["short", "elevenchars", "aaaaaaaaaaaaaaa", "1212121212121212", "abcdefghijklmnop",
     "ana.lindner@shop.example", "Lindner123456", "earnest-earnest-2026", "x" * 50 + "abcdef" * 14],
)  # fmt: skip
def test_what_is_guessed_first_is_refused_with_a_reason(password):
    assert fault(password, EMAIL)


async def test_it_is_kept_by_argon2id_and_known_again():
    passwords = Passwords(FOR_TESTS)
    kept = await passwords.hash("a good passphrase")
    assert "passphrase" not in kept
    assert await passwords.fits(kept, "a good passphrase")
    assert not await passwords.fits(kept, "a good passphrase ")
    assert not await passwords.fits(None, "nobody's password")
    assert not await passwords.fits("not a hash", "a good passphrase")


async def test_one_password_typed_on_two_keyboards_is_one():
    passwords = Passwords(FOR_TESTS)
    assert await passwords.fits(
        await passwords.hash("cafe\u0301 au lait de Paris"), "caf\u00e9 au lait de Paris"
    )


def test_on_duty_the_hash_costs_what_the_standard_asks():
    assert (ON_DUTY.memory_cost, ON_DUTY.time_cost, ON_DUTY.parallelism) == (65_536, 3, 4)
    kept = Passwords(ON_DUTY).hash_now("a good passphrase")
    assert extract_parameters(kept) == ON_DUTY


def test_ten_codes_each_its_own_and_readable():
    codes = recovery.new_codes()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"(?:[2-9a-hj-km-np-z]{4}-){2}[2-9a-hj-km-np-z]{4}", code) for code in codes)


@given(st.text())
def test_only_a_code_is_read_as_one(text):
    read = recovery.spelled(text)
    assert read is None or recovery.spelled(f" {read[:4]}-{read[4:].upper()} ") == read


@given(st.integers(0, 1_000), st.integers(1, 100))
def test_waits_only_grow(tries, free):
    assert wait_ms(tries, free) <= wait_ms(tries + 1, free) <= WAITS_MS[-1]
    assert (wait_ms(tries, free) == 0) == (tries < free)
