"""The law of passkeys: for this site, this challenge, this key and this account, by a verified user, or not at all."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tokens.authenticator import PRESENT, SoftKey
from tokens.errors import PasskeyRefused
from tokens.passkeys import (
    ANSWER_CHARS,
    Credential,
    Site,
    asserted_count,
    challenge_of,
    creation_options,
    credential_of,
    made_credential,
    request_options,
)

SITE = Site("rewards.example", "https://rewards.example")
CHALLENGE, OTHER = b"c" * 32, b"d" * 32
USER = b"u" * 32


def made(key: SoftKey):
    return made_credential(SITE, CHALLENGE, key.make(CHALLENGE, *SITE))


def count_in(answer: str, key: SoftKey, user: bytes = USER) -> int:
    return asserted_count(SITE, CHALLENGE, answer, public_key=made(key).public_key, user_id=user)


def test_a_key_that_was_made_here_signs_here():
    key = SoftKey()
    one = made(key)
    assert (one.credential_id, one.transports, one.sign_count) == (key.credential_id, ("internal",), 0)
    answer = key.sign(CHALLENGE, *SITE, user=USER)
    assert credential_of(answer) == key.credential_id
    assert count_in(answer, key) == 1
    assert count_in(SoftKey(count=None).sign(CHALLENGE, *SITE), SoftKey(count=None)) == 0


WRONG = {
    "challenge": (OTHER, *SITE),
    "host": (CHALLENGE, "evil.example", SITE.origin),
    "origin": (CHALLENGE, SITE.rp_id, "https://evil.example"),
    "port": (CHALLENGE, SITE.rp_id, "https://rewards.example:8443"),
    "scheme": (CHALLENGE, SITE.rp_id, "http://rewards.example"),
}


@pytest.mark.parametrize("what", WRONG)
def test_another_challenge_host_or_origin_is_refused(what):
    with pytest.raises(PasskeyRefused):
        made_credential(SITE, CHALLENGE, SoftKey().make(*WRONG[what]))
    with pytest.raises(PasskeyRefused):
        count_in(SoftKey().sign(*WRONG[what]), SoftKey())


@pytest.mark.parametrize("flags", [0, PRESENT, 0x04])
def test_a_user_who_is_not_present_and_verified_is_refused(flags):
    with pytest.raises(PasskeyRefused):
        made_credential(SITE, CHALLENGE, SoftKey().make(CHALLENGE, *SITE, flags=flags))
    with pytest.raises(PasskeyRefused):
        count_in(SoftKey().sign(CHALLENGE, *SITE, flags=flags), SoftKey())


def test_another_key_another_account_and_another_ceremony_are_refused():
    with pytest.raises(PasskeyRefused):
        count_in(SoftKey(2).sign(CHALLENGE, *SITE), SoftKey(1))
    with pytest.raises(PasskeyRefused):
        count_in(SoftKey().sign(CHALLENGE, *SITE, user=b"v" * 32), SoftKey())
    with pytest.raises(PasskeyRefused):
        count_in(SoftKey().sign(CHALLENGE, *SITE, kind="webauthn.create"), SoftKey())
    with pytest.raises(PasskeyRefused):
        made_credential(SITE, CHALLENGE, SoftKey().sign(CHALLENGE, *SITE))


GOOD = SoftKey().sign(CHALLENGE, *SITE, user=USER)
MADE = SoftKey().make(CHALLENGE, *SITE)


def test_an_answer_that_names_one_credential_and_holds_another_is_refused():
    """Nothing but its id tells: a key that attests nothing signs nothing when it is made."""
    mine, other = json.loads(MADE), json.loads(SoftKey(2).make(CHALLENGE, *SITE))
    with pytest.raises(PasskeyRefused, match="names one credential"):
        made_credential(SITE, CHALLENGE, json.dumps(mine | {"response": other["response"]}))


@given(
    answer=st.one_of(
        st.text(max_size=200),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
            ),
        ).map(json.dumps),
        st.tuples(st.sampled_from([GOOD, MADE]), st.integers(0, 2_000), st.characters()).map(
            lambda it: it[0][: it[1]] + it[2] + it[0][it[1] + 1 :]
        ),
    )
)
@settings(max_examples=200, deadline=None)
def test_whatever_is_sent_is_refused_or_the_very_same_and_never_breaks_anything(answer):
    with contextlib.suppress(PasskeyRefused):
        assert count_in(answer, SoftKey()) == 1
    with contextlib.suppress(PasskeyRefused):
        assert made_credential(SITE, CHALLENGE, answer).credential_id == SoftKey().credential_id


@pytest.mark.parametrize("answer", ["[" * 10_000, "x" * (ANSWER_CHARS + 1), '{"id":1e999}', "\ud800"])
def test_deep_long_and_odd_answers_are_refused(answer):
    for read in (credential_of, lambda text: made_credential(SITE, CHALLENGE, text)):
        with pytest.raises(PasskeyRefused):
            read(answer)


def test_the_browser_is_asked_for_a_verified_user_and_for_the_keys_it_may_use():
    known = [Credential(b"\x01\x02", ("internal", "hybrid"))]
    asked = json.loads(request_options(SITE, CHALLENGE, known))
    assert (asked["rpId"], asked["userVerification"]) == ("rewards.example", "required")
    assert asked["allowCredentials"] == [
        {"id": "AQI", "type": "public-key", "transports": ["internal", "hybrid"]}
    ]
    wanted = json.loads(
        creation_options(SITE, CHALLENGE, brand="Lindner", user_id=USER, user_name="Mira", known=known)
    )
    assert wanted["authenticatorSelection"]["userVerification"] == "required"
    assert (wanted["rp"]["id"], wanted["attestation"]) == ("rewards.example", "none")
    assert [one["id"] for one in wanted["excludeCredentials"]] == ["AQI"]


def test_a_challenge_is_its_sessions_own_and_needs_the_pepper():
    one = challenge_of(b"p" * 32, "chl_1", b"s" * 32)
    others = {
        challenge_of(b"q" * 32, "chl_1", b"s" * 32),
        challenge_of(b"p" * 32, "chl_2", b"s" * 32),
        challenge_of(b"p" * 32, "chl_1", b"t" * 32),
    }
    assert len(one) == 32
    assert len(others | {one}) == 4
