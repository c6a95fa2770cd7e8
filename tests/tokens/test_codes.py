"""Codes that are sent."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tokens.codes import LETTERS, code_hash, matches, new_challenge_id, new_code, reference, spelled


@pytest.mark.parametrize("digits", [6, 8])
def test_a_code_has_its_digits_leading_zeros_among_them(digits):
    codes = [new_code(digits) for _ in range(2_000)]
    assert {spelled(code, digits) for code in codes} == set(codes)
    assert {code[0] for code in codes} == set("0123456789")


def test_codes_are_not_alike():
    assert len({new_code(8) for _ in range(1_000)}) > 990


def test_the_hash_of_a_code_is_hmac_sha256_as_openssl_makes_it():
    made = "e196481d83fadf829e641cca1c9ba3974b42ef229188d36218d6a69857f0318b"
    assert code_hash(bytes(range(32)), "chl_1", "123456").hex() == made


def test_a_code_s_hash_is_its_challenge_s_and_its_pepper_s():
    hashes = {
        code_hash(pepper, challenge, code)
        for pepper in (b"p" * 32, b"q" * 32)
        for challenge, code in (("chl_1", "123456"), ("chl_2", "123456"), ("chl_11", "23456"))
    }
    assert len(hashes) == 6


def test_hashes_match_only_if_they_are_the_same():
    right = code_hash(b"p" * 32, "chl_1", "123456")
    assert matches(right, bytes(right))
    assert not matches(right, right[:-1])
    assert not matches(right, code_hash(b"p" * 32, "chl_1", "123457"))
    assert not matches(right, b"")


@pytest.mark.parametrize("around", ["", " ", "\t", "\n", "\r\n", " \f\v "])
def test_blanks_around_a_code_are_a_slip_of_the_hand(around):
    assert spelled(f"{around}012345{around}", 6) == "012345"


@pytest.mark.parametrize(
    "text",
    [
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "¹²³⁴⁵⁶",
        "\U0001d7cf\U0001d7d0\U0001d7d1\U0001d7d2\U0001d7d3\U0001d7d4",
        "\u0661\u0662\u0663\u0664\u0665\u0666",
        "12345\uff16",
        "\u00a0123456",
        "123456\u2028",
        "123456\x85",
        "123456\x1c",
    ],
    ids=ascii,
)
def test_p12_p18_digits_and_blanks_beyond_ascii_are_no_code(text):
    assert spelled(text, 6) is None


@pytest.mark.parametrize("text", ["\ud800", "12345\ud800", "\udc8023456"], ids=ascii)
def test_p13_a_lone_surrogate_is_no_code_and_no_error(text):
    assert spelled(text, 6) is None


@pytest.mark.parametrize(
    "value", [123456, 12345, True, None, 1.0, b"123456", ["123456"], {"code": "1"}], ids=repr
)
def test_p13_p19_only_a_text_is_a_code(value):
    assert spelled(value, 6) is None


@pytest.mark.parametrize("text", ["+12345", "-12345", "1_2_34", "12 345", "123.45", "0x1234", "12\n3456", ""])
def test_p19_no_other_notation_of_a_number_is_a_code(text):
    assert spelled(text, 6) is None


def test_p18_a_newline_at_the_end_is_taken_off_not_matched_over():
    assert spelled("123456\n", 6) == "123456"
    assert spelled("12345\n", 6) is None


@pytest.mark.parametrize("text", ["12345", "1234567", "0" * 1_000_000])
def test_a_code_of_another_length_is_none(text):
    assert spelled(text, 6) is None


@given(st.one_of(st.text(), st.text(alphabet="0123456789 \n", max_size=10)))
@example("123456")
def test_there_is_one_spelling_for_a_code(text):
    code = spelled(text, 6)
    assert code is None or (code == text.strip() and code.isascii() and code.isdigit() and len(code) == 6)


def test_a_reference_is_two_letters_none_like_another():
    references = {reference() for _ in range(500)}
    assert len(references) > 100
    assert all(len(one) == 2 and set(one) <= set(LETTERS) for one in references)
    assert not set(LETTERS) & set("0O1IL2Z5S8BU")


def test_challenges_have_names_of_their_own():
    names = [new_challenge_id() for _ in range(500)]
    assert len(set(names)) == 500
    assert all(name[:4] == "chl_" and len(bytes.fromhex(name[4:])) == 16 for name in names)
