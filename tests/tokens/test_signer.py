"""Of all texts, exactly one is the token."""

import string
import zlib

import itsdangerous
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.tokens.rings import (
    DAY,
    FOREVER,
    NEW,
    NOW,
    OLD,
    base64url,
    claims,
    forged,
    key,
    signature,
    signer,
)
from tokens.claims import new_claims, written
from tokens.errors import NoKey
from tokens.keyring import Keyring
from tokens.signer import PURPOSES, Signer

SIGNER = signer(OLD, NEW)
CLAIMS = claims()
TEXT = SIGNER.sign(CLAIMS, NOW)
PAYLOAD, SIGNATURE = TEXT.split(".")
BASE64URL = string.ascii_letters + string.digits + "-_"
ODD = "+/=.!% \t\n\r\0~\xe9\u0663\uff11\xff\u2028\ud800\U0001f600"
MADE_BY_OPENSSL = (
    "WzEsIm5ld2VzdDAwIiwiQUFFQ0F3UUZCZ2NJQ1FvTERBME9EdyIsIl9fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19f"
    "XzgiLCJyZXdhcmRfbGluayIsIjM3YThlZWMxY2UxOTY4N2QiLDE3OTQ5OTk5OTUsMTc5NDk5OTk5NSwxNzk1MjU5MjAwXQ"
    ".kZOzRpTjMwikItOoDf-OTSCnD0W7LwNSUn938yyUpKc"
)
"""With `openssl kdf` (HKDF, key 00…1f, salt `earnest/tokens/sign/v1`, info `reward_link`), then `openssl dgst -mac HMAC`
of the salt `redeem.reward_link.v1`, then of the payload."""


def test_a_token_made_with_openssl_is_genuine():
    ring = signer(key("newest00", secret=bytes(range(32)), until_ms=FOREVER))
    read = ring.read(MADE_BY_OPENSSL, NOW)
    assert read is not None
    assert (read.jti, read.s) == (bytes(range(16)), b"\xff" * 32)
    assert ring.sign(read, NOW) == MADE_BY_OPENSSL


@given(st.integers(300, 1_209_600), st.sampled_from(PURPOSES), st.sampled_from([OLD, NEW]), st.booleans())
def test_what_is_signed_is_read_again_and_is_short_and_ascii(life_s, purpose, stored, later):
    made = new_claims(stored.key_id, purpose, "acme", NOW, NOW + 1000 if later else None, life_s)
    text = SIGNER.sign(made, NOW)
    assert SIGNER.read(text, NOW) == made
    assert text.isascii()
    assert len(text) <= 300


# ---------------------------------------------------------------- one spelling


def test_p1_no_character_of_a_token_can_be_another():
    for at in range(len(TEXT)):
        for other in BASE64URL + ODD:
            if other != TEXT[at]:
                assert SIGNER.read(TEXT[:at] + other + TEXT[at + 1 :], NOW) is None, (at, other)


def test_p1_nothing_can_be_put_into_a_token_nor_at_its_ends():
    for at in range(len(TEXT) + 1):
        for more in (*ODD, "A", "====", "!!!!", "    ", "\n\n\n\n", "\0\0\0\0", "%%%%"):
            assert SIGNER.read(TEXT[:at] + more + TEXT[at:], NOW) is None, (at, more)


def test_p1_nothing_can_be_left_out_of_a_token():
    for first in range(len(TEXT)):
        for length in range(1, 5):
            assert SIGNER.read(TEXT[:first] + TEXT[first + length :], NOW) is None


@given(st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 4), st.text(max_size=6)), max_size=4))
@example([(len(TEXT), 0, "\n")])
@example([(0, 0, "\ufeff")])
def test_p1_whatever_is_done_to_a_token_it_is_the_same_text_or_none(edits):
    text = TEXT
    for at, removed, put in edits:
        text = text[:at] + put + text[at + removed :]
    read = SIGNER.read(text, NOW)
    assert read == (CLAIMS if text == TEXT else None)


@pytest.mark.parametrize("suffix", ["=", "====", "!!!!", "    ", "\n\n\n\n", "\0\0\0\0", "é"])
def test_p1_spellings_that_the_library_alone_lets_pass_are_refused(suffix):
    alone = next(mac.signer for mac in SIGNER._macs.of_key["new00000"] if mac.purpose == CLAIMS.pur)
    assert alone.verify_signature(PAYLOAD, SIGNATURE + suffix), "else this test proves nothing"
    assert SIGNER.read(TEXT + suffix, NOW) is None


def test_p1_the_unused_bits_of_the_last_character_are_not_free():
    alone = next(mac.signer for mac in SIGNER._macs.of_key["new00000"] if mac.purpose == CLAIMS.pur)
    siblings = [SIGNATURE[:-1] + last for last in BASE64URL if SIGNATURE[:-1] + last != SIGNATURE]
    lenient = [spelling for spelling in siblings if alone.verify_signature(PAYLOAD, spelling)]
    assert len(lenient) == 3
    assert [SIGNER.read(f"{PAYLOAD}.{spelling}", NOW) for spelling in lenient] == [None] * 3


def test_p1_the_other_base64_alphabet_is_refused():
    other = {ord("-"): "+", ord("_"): "/"}
    texts = [SIGNER.sign(claims(), NOW) for _ in range(50)]
    changed = [(text, text.translate(other)) for text in texts if text.translate(other) != text]
    assert changed
    for text, spelling in changed:
        assert SIGNER.read(text, NOW) is not None
        assert SIGNER.read(spelling, NOW) is None


def test_a_payload_in_another_spelling_is_refused_even_under_a_right_mac():
    body = written(CLAIMS)
    assert SIGNER.read(forged(body), NOW) == CLAIMS
    unpadded = base64url(body)
    spellings = [unpadded[:-1] + last for last in BASE64URL] + [unpadded + "=" * (-len(unpadded) % 4)]
    read = [SIGNER.read(f"{text}.{signature(text)}", NOW) for text in spellings]
    assert len([one for one in read if one is not None]) == 1


@given(st.text(max_size=1_200))
@example("")
@example(".")
@example("..")
@example("\ud800." + "A" * 43)
@example("A." + "A" * 43)
@example("AAAAA." + "A" * 43)
def test_p7_whatever_is_read_no_error_comes_out_of_it(text):
    assert SIGNER.read(text, NOW) is None


def test_what_is_longer_than_1024_characters_is_refused_unread_even_if_it_were_genuine():
    lengths = {}
    for extra in range(540, 600):
        long = key("k" * extra)
        text = forged(written(claims(long.key_id)), stored=long)
        lengths[len(text)] = signer(long).read(text, NOW) is not None
    assert {length for length, genuine in lengths.items() if genuine} == {n for n in lengths if n <= 1_024}
    assert min(lengths) < 1_024 < max(lengths)


def test_a_text_of_any_length_is_refused():
    assert SIGNER.read("A" * 10_000_000, NOW) is None


# ---------------------------------------------------------------- keys and purposes


def test_rotation_a_token_of_the_old_key_is_genuine_for_a_ring_with_a_new_one():
    text = signer(OLD).sign(claims(OLD.key_id), NOW)
    assert signer(OLD, NEW).read(text, NOW) is not None


def test_rotation_a_token_of_a_key_that_is_not_active_here_yet_is_genuine():
    early = key("coming00", active_ms=NOW + 5_000)
    text = signer(early).sign(claims("coming00"), NOW + 5_000)
    assert signer(OLD, NEW, early).read(text, NOW) is not None


def test_a_key_that_has_ended_verifies_no_longer():
    text = SIGNER.sign(claims(OLD.key_id), NOW)
    assert SIGNER.read(text, OLD.until_ms - 1) is not None
    assert SIGNER.read(text, OLD.until_ms) is None


def test_an_emergency_removal_holds_from_the_next_ring_on():
    rings = [Keyring([OLD, NEW])]
    one = Signer(lambda: rings[-1])
    text = one.sign(CLAIMS, NOW)
    assert one.read(text, NOW) == CLAIMS
    rings.append(Keyring([OLD]))
    assert one.read(text, NOW) is None
    with pytest.raises(NoKey):
        one.sign(claims(), NOW)


def test_a_key_replaced_under_the_same_id_verifies_nothing_of_the_old_one():
    rings = [Keyring([NEW])]
    one = Signer(lambda: rings[-1])
    text = one.sign(CLAIMS, NOW)
    rings.append(Keyring([key(NEW.key_id, secret=b"?" * 32)]))
    assert one.read(text, NOW) is None


def test_p9_a_fourth_key_is_not_tried():
    keys = [key(f"key0000{n}", active_ms=NOW - n * DAY) for n in range(4)]
    texts = [signer(*keys).sign(claims(one.key_id), NOW) for one in keys]
    assert [signer(*keys).read(text, NOW) is not None for text in texts] == [True, True, True, False]


@pytest.mark.parametrize(
    "stored",
    [key("new00000", active_ms=NOW + 1), key("new00000", until_ms=NOW), key("other000")],
    ids=["not active yet", "ended", "another"],
)
def test_only_a_key_that_is_active_signs(stored):
    with pytest.raises(NoKey):
        signer(stored).sign(claims("new00000"), NOW)


def test_the_key_id_must_be_that_of_the_key_that_verifies():
    assert SIGNER.read(forged(written(CLAIMS), stored=NEW), NOW) == CLAIMS
    assert SIGNER.read(forged(written(CLAIMS), stored=OLD), NOW) is None


def test_a_token_for_one_purpose_is_never_one_for_the_other():
    assert SIGNER.read(forged(written(CLAIMS), purpose="reward_link"), NOW) == CLAIMS
    assert SIGNER.read(forged(written(CLAIMS), purpose="redemption"), NOW) is None


def test_a_foreign_service_with_other_keys_signs_nothing_for_us():
    foreign = signer(key("new00000", secret=b"x" * 32))
    assert SIGNER.read(foreign.sign(CLAIMS, NOW), NOW) is None


@pytest.mark.parametrize("salt", [b"itsdangerous", b"itsdangerous.Signer", b"redeem.redemption.v1", b""])
def test_p4_no_other_salt_makes_a_token_the_library_s_default_least_of_all(salt):
    alone = next(mac.signer for mac in SIGNER._macs.of_key["new00000"] if mac.purpose == CLAIMS.pur)
    other = itsdangerous.Signer(
        alone.secret_key, salt=salt, key_derivation="hmac", digest_method=alone.digest_method
    )
    assert SIGNER.read(other.sign(PAYLOAD).decode(), NOW) is None


@pytest.mark.parametrize("derivation", ["concat", "django-concat", "none"])
def test_p5_no_ambiguous_derivation_makes_a_token(derivation):
    alone = next(mac.signer for mac in SIGNER._macs.of_key["new00000"] if mac.purpose == CLAIMS.pur)
    other = itsdangerous.Signer(
        alone.secret_key, salt=alone.salt, key_derivation=derivation, digest_method=alone.digest_method
    )
    assert SIGNER.read(other.sign(PAYLOAD).decode(), NOW) is None


def test_p6_a_mac_of_sha1_is_refused():
    assert SIGNER.read(f"{PAYLOAD}.{signature(PAYLOAD, digest='sha1')}", NOW) is None
    assert len(SIGNATURE) == 43, "SHA-256"


def test_p7_nothing_is_ever_inflated():
    payload = "." + base64url(zlib.compress(written(CLAIMS)))
    assert SIGNER.read(f"{payload}.{signature(payload)}", NOW) is None
    assert SIGNER.read(forged(zlib.compress(written(CLAIMS))), NOW) is None


def test_p7_the_text_tells_no_programme_in_the_clear():
    text = SIGNER.sign(claims(program_id="acme-rewards"), NOW)
    assert b"acme" not in itsdangerous.encoding.base64_decode(text.split(".")[0])


@pytest.mark.parametrize("body", [b'"admin"', b"1", b"null", b"[]", b"{}", b"", b"\xff"])
def test_p8_a_right_mac_over_anything_but_claims_is_refused(body):
    assert SIGNER.read(forged(body), NOW) is None


@pytest.mark.parametrize(
    "change",
    [{"v": 2}, {"jti": b"short"}, {"s": b""}, {"aud": "default"}, {"pur": "console"}],
    ids=lambda change: next(iter(change)),
)
def test_claims_that_could_not_be_read_again_are_not_signed(change):
    with pytest.raises(ValueError, match="read again"):
        SIGNER.sign(replace(CLAIMS, **change), NOW)


def test_a_token_longer_than_300_characters_is_not_signed():
    long = key("k" * 80)
    with pytest.raises(ValueError, match="300"):
        signer(long).sign(claims(long.key_id), NOW)


def test_a_token_is_read_whatever_its_times_say_for_they_are_told_apart():
    assert SIGNER.read(TEXT, NOW + 14 * DAY) == CLAIMS


def test_two_tokens_never_share_their_text():
    assert len({SIGNER.sign(claims(), NOW) for _ in range(200)}) == 200


def test_a_signer_never_shows_its_keys():
    assert repr(SIGNER) == "Signer(…)"
