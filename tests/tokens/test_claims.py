"""What a token says of itself, and when it is good."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.tokens.rings import NOW, claims
from tokens.claims import (
    audience,
    new_claims,
    secret_hash,
    token_hash,
    token_id,
    understood,
    written,
)

LIVES = st.integers(300, 1_209_600)
INSTANTS = st.integers(1_600_000_000_000, 4_000_000_000_000)


@given(INSTANTS, LIVES, st.sampled_from(["reward_link", "redemption"]), st.text(max_size=20))
def test_what_is_written_is_understood_again(now_ms, life_s, purpose, program_id):
    made = new_claims("k0000001", purpose, program_id.encode(errors="replace").decode(), now_ms, None, life_s)
    assert understood(written(made)) == made


@given(INSTANTS, LIVES)
def test_a_token_is_good_from_the_moment_it_is_issued_until_its_end_and_not_a_millisecond_longer(
    now_ms, life_s
):
    made = new_claims("k0000001", "redemption", "p", now_ms, None, life_s)
    assert made.timing(now_ms) is None
    assert made.timing(made.exp * 1000 - 1) is None
    assert made.timing(made.exp * 1000) == "expired"
    assert now_ms + life_s * 1000 - 1000 < made.exp * 1000 <= now_ms + life_s * 1000


def test_p2_no_token_is_without_an_end_and_one_of_three_years_ago_has_ended():
    assert claims(life_s=1_209_600).timing(NOW + 3 * 365 * 86_400_000) == "expired"


def test_p3_a_reader_whose_clock_is_behind_does_not_call_a_new_token_early():
    assert claims().timing(NOW - 5_000) is None
    assert claims().timing(NOW - 35_000) is None, "backdated 5 s, and 30 s of tolerance"
    assert claims().timing(NOW - 35_001) == "early"


def test_tolerance_is_for_early_only():
    made = new_claims("k0000001", "redemption", "p", NOW, NOW + 60_000, 300)
    assert made.timing(NOW) == "early"
    assert made.timing(NOW + 29_999) == "early"
    assert made.timing(NOW + 30_000) is None
    assert made.timing(NOW + 300_000) == "expired"


def test_issue_and_not_before_are_put_back_five_seconds():
    made = claims()
    assert (made.iat, made.nbf) == (NOW // 1000 - 5, NOW // 1000 - 5)


def test_a_life_longer_than_any_that_is_issued_has_ended_even_if_its_end_is_far():
    longest = claims(life_s=1_209_600)
    assert longest.timing(NOW) is None
    assert replace(longest, exp=longest.exp + 1).timing(NOW) == "expired"


@pytest.mark.parametrize("life_s", [-1, 0, 299, 1_209_601, 2**40])
def test_a_life_outside_five_minutes_to_fourteen_days_is_refused_by_name(life_s):
    with pytest.raises(ValueError, match="life_s"):
        new_claims("k0000001", "redemption", "p", NOW, None, life_s)


@pytest.mark.parametrize("life_s", [300, 1_209_600])
def test_both_ends_of_the_range_are_allowed(life_s):
    assert claims(life_s=life_s).timing(NOW) is None


@pytest.mark.parametrize("late_ms", [300_000, 300_001, 10**12])
def test_a_token_that_would_begin_when_it_has_ended_is_refused_by_name(late_ms):
    with pytest.raises(ValueError, match="not_before_ms"):
        new_claims("k0000001", "redemption", "p", NOW, NOW + late_ms, 300)


def test_names_and_secrets_are_random_and_of_their_full_length():
    made = [claims() for _ in range(500)]
    assert len({one.jti for one in made}) == len({one.s for one in made}) == 500
    assert {(len(one.jti), len(one.s)) for one in made} == {(16, 32)}


def test_the_audience_tells_programmes_apart_and_names_none():
    assert audience("default") == "37a8eec1ce19687d", "the head of `printf default | sha256sum`"
    assert audience("default") != audience("Default")
    assert claims(program_id="acme").aud == audience("acme")


def test_the_id_is_made_of_the_hash_and_the_hash_of_the_name():
    jti = bytes(range(16))
    assert token_id(token_hash(jti)) == "tok_be45cb2605bf36bebde684841a28f0fd"
    assert secret_hash(jti) == token_hash(jti), "both are SHA-256"


def test_neither_the_secret_nor_the_name_is_ever_shown():
    made = claims()
    shown = f"{made} {made!r}"
    for hidden in (made.s, made.jti):
        assert hidden.hex() not in shown
        assert repr(hidden) not in shown
    assert token_id(token_hash(made.jti)) in shown


def test_claims_never_change():
    with pytest.raises(AttributeError):
        claims().exp = 0


def altered(at, value):
    """A written token with another value in one place."""
    fields = msgspec.json.decode(written(claims()))
    fields[at] = value
    return msgspec.json.encode(fields)


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (0, 2),
        (0, True),
        (0, "1"),
        (0, 1.0),
        (1, None),
        (1, 7),
        (2, "AAECAwQFBgcICQoLDA0OD"),
        (2, "AAECAwQFBgcICQoLDA0ODx"),
        (2, "AAECAwQFBgcICQoLDA0ODw=="),
        (2, "AAECAwQFBgcICQoLDA0ODw\n"),
        (2, "AAECAwQFBgcICQoLDA0ODé"),
        (2, ""),
        (3, "AAECAwQFBgcICQoLDA0ODw"),
        (4, "console"),
        (4, "Redemption"),
        (5, "37A8EEC1CE19687D"),
        (5, "37a8eec1ce19687d\n"),
        (5, "37a8eec1ce19687"),
        (6, "1794999995"),
        (7, None),
        (8, 1.5),
        (8, 1795259200.0),
        (8, 2**70),
    ],
)
def test_p8_a_field_of_another_kind_length_or_spelling_is_not_understood(at, value):
    assert understood(altered(at, value)) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'"admin"',
        b"null",
        b"{}",
        b"[]",
        b"[1]",
        b"\xff\xfe",
        b'["\xff"]',
        b"[" * 500,
        b'{"v":1,"kid":"new00000"}',
    ],
)
def test_p8_other_json_and_no_json_are_not_understood(body):
    assert understood(body) is None


def test_unknown_fields_and_missing_ones_are_refused():
    body = written(claims())
    assert understood(body[:-1] + b",1]") is None
    assert understood(body[: body.rindex(b",")] + b"]") is None


@pytest.mark.parametrize(
    ("plain", "same_meaning"),
    [(b"[1,", b"[ 1,"), (b"[1,", b"\n[1,"), (b'"reward_link"', b'"\\u0072eward_link"'), (b"[1,", b"[1.0,")],
)
def test_the_same_meaning_in_another_spelling_is_refused(plain, same_meaning):
    body = written(claims())
    assert plain in body
    assert understood(body.replace(plain, same_meaning)) is None
