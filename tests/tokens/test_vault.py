"""Neither the store alone nor the link alone opens a token's content."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from tokens.errors import VaultBroken
from tokens.token import Shut
from tokens.vault import answer_key, open_answer, open_shut, seal_answer, shut

PAYLOAD = b'{"voucher_code":"CANARY-7731"}'
WHERE = {
    "server_key": b"k" * 32,
    "secret": b"s" * 32,
    "place": ("acme", "redemption"),
    "jti": b"j" * 16,
}
SHUT = shut(PAYLOAD, **WHERE)
HASH = b"h" * 32


@given(st.binary(max_size=4_000))
def test_what_is_shut_opens_with_the_same_secrets_at_the_same_place(payload):
    assert open_shut(shut(payload, **WHERE), **WHERE) == payload


@pytest.mark.parametrize(
    "other",
    [
        {"server_key": b"K" * 32},
        {"secret": b"S" * 32},
        {"server_key": b"s" * 32, "secret": b"k" * 32},
        {"jti": b"J" * 16},
        {"place": ("other", "redemption")},
        {"place": ("acme", "reward_link")},
        {"place": ("acmer", "edemption")},
        {"place": ("acme", "redemption", "")},
        {"place": ()},
    ],
    ids=["server key", "secret", "swapped", "jti", "programme", "purpose", "boundary", "longer", "none"],
)
def test_another_secret_name_programme_or_purpose_does_not_open(other):
    with pytest.raises(VaultBroken):
        open_shut(SHUT, **(WHERE | other))


@given(st.data())
def test_one_changed_bit_anywhere_is_found(data):
    part = data.draw(st.sampled_from(Shut._fields))
    changed = bytearray(getattr(SHUT, part))
    at = data.draw(st.integers(0, len(changed) * 8 - 1))
    changed[at // 8] ^= 1 << at % 8
    with pytest.raises(VaultBroken):
        open_shut(SHUT._replace(**{part: bytes(changed)}), **WHERE)


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_bytes_that_were_never_shut_do_not_open(wrapped_key, ciphertext):
    with pytest.raises(VaultBroken):
        open_shut(Shut(wrapped_key, ciphertext), **WHERE)


def test_the_halves_of_two_contents_cannot_be_exchanged():
    other = shut(PAYLOAD, **WHERE)
    with pytest.raises(VaultBroken):
        open_shut(Shut(SHUT.wrapped_key, other.ciphertext), **WHERE)
    with pytest.raises(VaultBroken):
        open_shut(Shut(SHUT.ciphertext, SHUT.wrapped_key), **WHERE)


@given(st.binary(min_size=8, max_size=200))
def test_the_content_is_never_to_be_seen_in_what_is_stored(payload):
    assert payload not in b"".join(shut(payload, **WHERE))


def test_the_same_content_is_never_shut_the_same_way_twice():
    many = [shut(PAYLOAD, **WHERE) for _ in range(200)]
    assert len({one.wrapped_key for one in many}) == len({one.ciphertext for one in many}) == 200


def test_the_layout_is_as_written_for_backups_outlive_releases():
    kdf = HKDF(algorithm=SHA256(), length=32, salt=b"earnest/tokens/vault/v1", info=b"wrap" + WHERE["jti"])
    wrapping = AESGCM(kdf.derive(WHERE["server_key"] + WHERE["secret"]))
    place = b"\0\0\0\x04acme\0\0\0\x0aredemption\0\0\0\x10" + WHERE["jti"]
    key_place = b"\0\0\0\x02v1\0\0\0\x03key" + place
    payload_place = b"\0\0\0\x02v1\0\0\0\x07payload" + place
    data_key = wrapping.decrypt(SHUT.wrapped_key[:12], SHUT.wrapped_key[12:], key_place)
    assert len(data_key) == 32
    assert AESGCM(data_key).decrypt(SHUT.ciphertext[:12], SHUT.ciphertext[12:], payload_place) == PAYLOAD


@pytest.mark.parametrize("which", ["server_key", "secret"])
@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_keys_of_another_length_are_refused(which, length):
    with pytest.raises(ValueError, match="32 bytes"):
        shut(PAYLOAD, **(WHERE | {which: b"x" * length}))


def test_a_broken_seal_tells_nothing_of_what_was_sealed():
    with pytest.raises(VaultBroken) as caught:
        open_shut(SHUT, **(WHERE | {"secret": b"S" * 32}))
    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None


# ---------------------------------------------------------------- the answer given again

KEY = answer_key(b"k" * 32, b"s" * 32, b"caller")


@given(st.binary(max_size=2_000))
def test_the_same_caller_hears_the_same_answer_again(answer):
    sealed = seal_answer(KEY, answer, HASH)
    assert open_answer(answer_key(b"k" * 32, b"s" * 32, b"caller"), sealed, HASH) == answer


@pytest.mark.parametrize(
    "other",
    [
        (b"K" * 32, b"s" * 32, b"caller"),
        (b"k" * 32, b"S" * 32, b"caller"),
        (b"k" * 32, b"s" * 32, b"another"),
        (b"k" * 32, b"s" * 32, b""),
    ],
    ids=["server key", "link", "caller", "no caller"],
)
def test_another_caller_link_or_server_does_not_hear_it(other):
    sealed = seal_answer(KEY, PAYLOAD, HASH)
    with pytest.raises(VaultBroken):
        open_answer(answer_key(*other), sealed, HASH)


def test_an_answer_is_bound_to_its_token_and_never_sealed_the_same_way_twice():
    sealed = seal_answer(KEY, PAYLOAD, HASH)
    assert sealed != seal_answer(KEY, PAYLOAD, HASH)
    assert PAYLOAD not in sealed
    with pytest.raises(VaultBroken):
        open_answer(KEY, sealed, b"H" * 32)


def test_the_key_of_an_answer_opens_no_content():
    with pytest.raises(VaultBroken):
        open_answer(answer_key(b"k" * 32, b"s" * 32, WHERE["jti"]), SHUT.wrapped_key, WHERE["jti"])
