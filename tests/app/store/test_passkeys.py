"""The law of passkeys in the store: a link enrols once, a second one rests, a count never goes back, one proof wins."""

from __future__ import annotations

from hashlib import sha256

import pytest
from sqlalchemy import select, update

from app.seal import Seal
from app.store.sql.account_keys import AccountKeys
from app.store.sql.otp import SqlPasskeys
from app.store.sql.passkey_tables import passkey_links, passkeys
from app.store.sql.tables import account_keys
from tests.app.store.codes import CLIENT, MEMBER, NOW_MS, OTHER_SESSION, SESSION, Codes, race
from tokens.challenges import Counted
from tokens.limits import AUTHENTICATOR_REST_S, CODE_LIFE_S, PASSKEYS_PER_ACCOUNT
from tokens.passkey_ledger import NewLink, NewPasskey, Passkey
from tokens.passkeys import MadeCredential

REST_MS = AUTHENTICATOR_REST_S * 1_000
LIFE_MS = 900_000


class Kept(Codes):
    """The stores, and passkeys over the same database."""

    def __init__(self, engine):
        super().__init__(engine)
        self.passkeys = SqlPasskeys(engine, AccountKeys(Seal(b"k" * 32)), self.audit)

    def link(self, name="link", account_id="m-1", *, now_ms=NOW_MS):
        hashed = sha256(name.encode()).digest()
        self.passkeys.make_link(NewLink(hashed, "default", account_id, now_ms, now_ms + LIFE_MS), MEMBER)
        return hashed

    def new(self, n=1, account_id="m-1", *, count=1, changed=False):
        made = MadeCredential(b"canary credential %d" % n, b"canary key", count, ("internal",), "0" * 8)
        return NewPasskey(f"psk_{n}", "default", account_id, made, changed)

    def enrolled(self, n=1, account_id="m-1", *, now_ms=NOW_MS, count=1, changed=False):
        link = self.link(f"{account_id} {n}", account_id, now_ms=now_ms)
        new = self.new(n, account_id, count=count, changed=changed)
        return self.passkeys.enrol(link, new, MEMBER, now_ms)

    def begin(self, token, now_ms=NOW_MS, session=SESSION):
        return self.passkeys.begin(token, session, lambda name: sha256(name.encode()).digest(), now_ms)

    def tried(self, token, now_ms=NOW_MS, session=SESSION):
        counted = self.count(token, self.begin(token, now_ms, session), now_ms, session=session)
        assert isinstance(counted, Counted), counted
        return counted

    def passed(self, token, counted, count, passkey_id="psk_1", now_ms=NOW_MS):
        return self.passkeys.passed(token, counted, passkey_id, count, MEMBER, now_ms)


@pytest.fixture
def kept(engine):
    return Kept(engine)


def test_a_link_enrols_once_and_within_its_life(kept):
    link, late = kept.link(), kept.link("late")
    assert kept.passkeys.is_open(link, NOW_MS)
    one = kept.passkeys.enrol(link, kept.new(), MEMBER, NOW_MS)
    assert isinstance(one, Passkey)
    assert kept.passkeys.passkeys("default", "m-1") == [one]
    assert not kept.passkeys.is_open(link, NOW_MS)
    assert kept.passkeys.enrol(link, kept.new(2), MEMBER, NOW_MS) == "link_gone"
    assert kept.passkeys.enrol(late, kept.new(3), MEMBER, NOW_MS + LIFE_MS) == "link_gone"
    assert kept.passkeys.enrol(late, kept.new(4, "m-2"), MEMBER, NOW_MS) == "link_gone"
    assert kept.events() == ["passkey.link_made", "passkey.link_made", "passkey.enrolled"]


def test_of_many_who_use_a_link_at_once_one_enrols(kept):
    link = kept.link()
    said = race(8, lambda n: kept.passkeys.enrol(link, kept.new(n), MEMBER, NOW_MS))
    assert sum(isinstance(one, Passkey) for one in said) == 1
    assert said.count("link_gone") == 7
    assert len(kept.passkeys.passkeys("default", "m-1")) == 1


def test_a_refused_enrolment_leaves_the_link_and_nothing_else(kept):
    kept.enrolled()
    link = kept.link("again")
    assert kept.passkeys.enrol(link, kept.new(), MEMBER, NOW_MS) == "taken"
    assert kept.passkeys.is_open(link, NOW_MS)
    for n in range(2, PASSKEYS_PER_ACCOUNT + 1):
        kept.enrolled(n)
    assert kept.passkeys.enrol(link, kept.new(99), MEMBER, NOW_MS) == "full"
    assert kept.passkeys.is_open(link, NOW_MS)


def test_what_is_kept_is_sealed_and_forgotten_with_the_account(kept, engine):
    kept.enrolled()
    with engine.begin() as connection:
        assert "canary" not in repr(connection.execute(select(passkeys)).all())
        connection.execute(account_keys.delete())
    assert kept.passkeys.passkeys("default", "m-1") == []


def test_the_first_passkey_counts_at_once_and_any_that_comes_beside_another_rests(kept):
    assert kept.enrolled(1).rests_until_ms == NOW_MS
    assert kept.enrolled(2).rests_until_ms == NOW_MS + REST_MS
    assert kept.enrolled(3, "m-2", changed=True).rests_until_ms == NOW_MS + REST_MS
    kept.app("app-3", "m-3")
    assert kept.enrolled(4, "m-3").rests_until_ms == NOW_MS + REST_MS


def test_forgetting_the_former_one_shortens_no_rest(kept):
    kept.enrolled(1)
    assert kept.passkeys.forget("default", "m-1", "psk_1", MEMBER, NOW_MS)
    assert not kept.passkeys.forget("default", "m-1", "psk_1", MEMBER, NOW_MS)
    assert not kept.passkeys.forget("default", "m-2", "psk_1", MEMBER, NOW_MS)
    assert kept.enrolled(2, now_ms=NOW_MS + REST_MS - 1).rests_until_ms == NOW_MS + 2 * REST_MS - 1
    kept.enrolled(3, "m-2")
    assert kept.passkeys.forget("default", "m-2", "psk_3", MEMBER, NOW_MS)
    assert kept.enrolled(4, "m-2", now_ms=NOW_MS + REST_MS).rests_until_ms == NOW_MS + REST_MS


def test_an_app_that_comes_beside_a_passkey_rests_too(kept):
    kept.enrolled()
    assert kept.app().replaced


def test_a_challenge_is_its_sessions_and_asked_again_until_it_is_over(kept):
    token = kept.token(otp_method="passkey")
    one = kept.begin(token)
    assert kept.begin(token, NOW_MS + 1) == one
    assert kept.passkeys.challenge(token, SESSION) == one
    assert kept.challenges.challenge(token, SESSION) is None, "it is no code"
    assert kept.begin(token, session=OTHER_SESSION) != one
    assert kept.begin(token, NOW_MS + CODE_LIFE_S * 1_000).challenge_id != one.challenge_id


def test_a_proof_verifies_once_and_takes_its_try_back(kept):
    kept.enrolled()
    token = kept.token(otp_method="passkey")
    counted = kept.tried(token)
    assert kept.passed(token, counted, 2) == "passed"
    assert kept.row(token).state == "verified"
    assert kept.passed(token, counted, 3) == "beaten"
    assert kept.passkeys.passkeys("default", "m-1")[0].sign_count == 2
    assert kept.events()[-1] == "otp.verified"


@pytest.mark.parametrize(
    ("kept_count", "told", "said"),
    [(5, 6, "passed"), (5, 5, "went_back"), (5, 4, "went_back"), (5, 0, "went_back"), (0, 0, "passed"),
     (0, 1, "passed")],
)  # fmt: skip
def test_a_count_that_is_kept_must_rise(kept, kept_count, told, said):
    kept.enrolled(count=kept_count)
    token = kept.token(otp_method="passkey")
    before = kept.row(token).state
    assert kept.passed(token, kept.tried(token), told) == said
    assert (kept.row(token).state == "verified") == (said == "passed")
    assert said == "passed" or kept.row(token).state == before


def test_of_many_proofs_of_one_challenge_one_passes(kept):
    kept.enrolled()
    token = kept.token(otp_method="passkey")
    challenge = kept.begin(token)
    tries = [kept.count(token, challenge) for _ in range(4)]
    said = race(4, lambda n: kept.passed(token, tries[n], 2 + n))
    assert sorted(said) == ["beaten", "beaten", "beaten", "passed"]


def test_one_signature_at_two_tokens_passes_at_one(kept):
    """A count is the passkey's own, over all it is asked for."""
    kept.enrolled()
    each = [kept.token(otp_method="passkey") for _ in range(4)]
    tries = [kept.tried(token) for token in each]
    said = race(4, lambda n: kept.passed(each[n], tries[n], 2))
    assert sorted(said) == ["passed", "went_back", "went_back", "went_back"]


def test_a_passkey_that_rests_was_forgotten_or_is_anothers_proves_nothing(kept):
    kept.enrolled(1)
    kept.enrolled(2)
    kept.enrolled(3, "m-2")
    token = kept.token(otp_method="passkey")
    counted = kept.tried(token)
    assert kept.passed(token, counted, 2, "psk_2") == "beaten"
    assert kept.passed(token, counted, 2, "psk_3") == "beaten"
    assert kept.passkeys.forget("default", "m-1", "psk_1", MEMBER, NOW_MS)
    assert kept.passed(token, counted, 2, "psk_1") == "beaten"
    assert kept.challenges.failed(token, counted, CLIENT, MEMBER, NOW_MS) is None
    kept.passkeys.suspect(token, "psk_1", MEMBER, NOW_MS)
    assert kept.events()[-2:] == ["otp.failed", "passkey.count_went_back"]


def test_links_are_swept_a_day_after_their_end(kept, engine):
    kept.link()
    kept.ledger.sweep(NOW_MS + LIFE_MS, 100)
    with engine.begin() as connection:
        assert len(connection.execute(select(passkey_links)).all()) == 1
        connection.execute(update(passkey_links).values(expires_ms=NOW_MS - 86_400_000))
    kept.ledger.sweep(NOW_MS, 100)
    with engine.connect() as connection:
        assert connection.execute(select(passkey_links)).all() == []
