"""Codes of an authenticator app."""

from base64 import b32decode
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.totp import address, matched_step, new_seed

SEED = b"12345678901234567890"
"""Of RFC 6238, appendix B."""
AT_MS = 1_111_111_111_000
STEP = AT_MS // 30_000
CODE = "050471"


@pytest.mark.parametrize(
    ("at_s", "step", "code"),
    [
        (59, 0x1, "94287082"),
        (1_111_111_109, 0x23523EC, "07081804"),
        (1_111_111_111, 0x23523ED, "14050471"),
        (1_234_567_890, 0x273EF07, "89005924"),
        (2_000_000_000, 0x3F940AA, "69279037"),
        (20_000_000_000, 0x27BC86AA, "65353130"),
    ],
)
def test_rfc_6238_appendix_b(at_s, step, code):
    """The table has 8 digits; 6 digits are its last six (RFC 4226, 5.3)."""
    assert matched_step(SEED, code[-6:], at_s * 1000) == step


def test_p11_the_step_of_the_code_is_told_so_that_it_can_be_used_once():
    assert [matched_step(SEED, CODE, AT_MS + shift * 30_000) for shift in (-1, 0, 1)] == [STEP] * 3


@pytest.mark.parametrize("shift", [-20, -2, 2, 20])
def test_p14_one_step_to_either_side_is_read_and_no_more(shift):
    assert matched_step(SEED, CODE, AT_MS + shift * 30_000) is None


@pytest.mark.parametrize("code", ["050472", "000000", "50471", "0050471", "14050471", ""])
def test_another_code_is_of_no_step(code):
    assert matched_step(SEED, code, AT_MS) is None


@pytest.mark.parametrize("zero", [0xFF10, 0x1D7CE, 0x1D7F6], ids=["full-width", "bold", "monospace"])
def test_p12_spellings_that_the_library_alone_lets_pass_are_no_code(zero):
    code = "".join([chr(zero + int(digit)) for digit in CODE])
    alone = pyotp.TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    assert alone.verify(code, for_time=AT_MS // 1000), "else this test proves nothing"
    assert matched_step(SEED, code, AT_MS) is None


@pytest.mark.parametrize("code", [" 050471", "050471\n", "05047\ud800"], ids=ascii)
def test_p13_what_is_not_canonical_is_no_code_and_no_error(code):
    assert matched_step(SEED, code, AT_MS) is None


@given(st.binary(min_size=20, max_size=20), st.integers(60_000, 10**13))
def test_an_app_with_the_same_seed_shows_the_code_that_is_expected(seed, now_ms):
    app = pyotp.parse_uri(address(seed, "Acme", "m-1"))
    step = matched_step(seed, app.at(now_ms // 1000), now_ms)
    assert step is not None
    assert abs(step - now_ms // 30_000) <= 1, "a neighbour's code is the same once in 10^6"


def test_another_member_s_code_is_of_no_step():
    assert matched_step(b"another member's seed", CODE, AT_MS) is None


def test_seeds_are_random_and_of_160_bits():
    seeds = {new_seed() for _ in range(200)}
    assert len(seeds) == 200
    assert {len(seed) for seed in seeds} == {20}


def test_the_address_is_what_apps_read_whatever_the_names():
    split = urlsplit(address(SEED, "Café & Co: Rewards", "m/1?secret=x"))
    asked = parse_qs(split.query)
    assert (split.scheme, split.netloc) == ("otpauth", "totp")
    assert unquote(split.path) == "/Café & Co: Rewards:m/1?secret=x"
    assert b32decode(asked["secret"][0]) == SEED
    assert asked["issuer"] == ["Café & Co: Rewards"]
    assert set(asked) == {"secret", "issuer"}, "6 digits, 30 s and SHA-1 are every app's defaults"
