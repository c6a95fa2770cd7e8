"""Which key signs, and which verify."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.rings import DAY, NEW, NOW, OLD, key
from tokens.errors import NoKey
from tokens.keyring import Keyring

COMING = key("coming00", active_ms=NOW + 60_000)
ENDED = key("ended000", active_ms=NOW - 50 * DAY, until_ms=NOW)
VAULT = key("2026-11-22", use="vault")


@given(st.permutations([OLD, NEW, COMING, ENDED]))
def test_the_youngest_active_key_signs_whatever_order_they_come_in(keys):
    ring = Keyring(keys)
    assert ring.signing(NOW) is NEW
    assert ring.signing(NOW + 59_999) is NEW
    assert ring.signing(NOW + 60_000) is COMING


@given(st.permutations([OLD, NEW, COMING, ENDED]))
def test_all_that_have_not_ended_verify_newest_first_those_not_yet_active_too(keys):
    assert list(Keyring(keys).verifying(NOW)) == [COMING, NEW, OLD]


def test_a_key_verifies_until_its_end_and_not_at_it():
    ring = Keyring([ENDED])
    assert list(ring.verifying(NOW - 1)) == [ENDED]
    assert list(ring.verifying(NOW)) == []


def test_p9_three_keys_verify_at_most_the_newest():
    keys = [key(f"key0000{n}", active_ms=NOW - n * DAY) for n in range(5)]
    assert list(Keyring(keys).verifying(NOW)) == keys[:3]


@pytest.mark.parametrize("keys", [[], [COMING], [ENDED], [VAULT]], ids=["none", "coming", "ended", "vault"])
def test_without_an_active_signing_key_nothing_is_signed(keys):
    with pytest.raises(NoKey):
        Keyring(keys).signing(NOW)


def test_a_vault_key_never_verifies():
    assert list(Keyring([VAULT]).verifying(NOW)) == []


def test_a_key_is_found_by_its_id_and_a_removed_one_is_not():
    assert Keyring([VAULT]).by_id("2026-11-22") is VAULT
    assert Keyring([VAULT]).by_id("2026-11-21") is None


def test_a_ring_never_shows_its_keys():
    shown = f"{Keyring([OLD, NEW])} {Keyring([OLD, NEW])!r}"
    assert repr(OLD.secret)[2:-1] not in shown
    assert OLD.secret.hex() not in shown
