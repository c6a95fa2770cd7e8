"""What a seal promises."""

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from app.seal import Seal, SealBroken, place

KEY = bytes(range(32))


@given(st.binary(max_size=2_000), st.binary(max_size=100))
def test_what_is_sealed_opens_at_its_own_place(plaintext, aad):
    seal = Seal(KEY)
    assert seal.open(seal.seal(plaintext, aad), aad) == plaintext


@given(st.binary(max_size=50), st.data())
def test_one_changed_bit_anywhere_breaks_the_seal(plaintext, data):
    sealed = bytearray(Seal(KEY).seal(plaintext, b"here"))
    at = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[at // 8] ^= 1 << at % 8
    with pytest.raises(SealBroken):
        Seal(KEY).open(bytes(sealed), b"here")


@given(st.binary(max_size=60))
def test_bytes_never_sealed_do_not_open(garbage):
    with pytest.raises(SealBroken):
        Seal(KEY).open(garbage, b"here")


def test_neither_another_place_nor_another_key_opens():
    sealed = Seal(KEY).seal(b"secret", b"here")
    with pytest.raises(SealBroken):
        Seal(KEY).open(sealed, b"there")
    with pytest.raises(SealBroken):
        Seal(os.urandom(32)).open(sealed, b"here")


def test_the_same_text_is_never_sealed_the_same_way_twice():
    seal = Seal(KEY)
    assert len({seal.seal(b"secret", b"here") for _ in range(1_000)}) == 1_000


def test_the_layout_is_nonce_then_ciphertext_then_tag():
    sealed = Seal(KEY).seal(b"secret", b"here")
    assert AESGCM(KEY).decrypt(sealed[:12], sealed[12:], b"here") == b"secret"
    assert len(sealed) == len(b"secret") + 28


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(length):
    with pytest.raises(ValueError, match="32 bytes"):
        Seal(bytes(length))


def test_a_seal_does_not_show_its_key():
    assert repr(Seal(KEY)) == "Seal(…)"


@given(st.lists(st.text()), st.lists(st.text()))
def test_two_places_are_the_same_only_if_all_their_names_are(one, other):
    assert (place(*one) == place(*other)) == (one == other)
