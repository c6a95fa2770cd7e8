"""Canonical e-mail: one mailbox, one spelling."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detectors.identity.email import PROVIDERS, canonical_domain, canonical_email, is_disposable

VALIDATOR_JS = [
    ("some.name@googleMail.com", "somename@gmail.com"),
    ("some.name+extension@gmail.com", "somename@gmail.com"),
    ("some.Name+extension@GoogleMail.com", "somename@gmail.com"),
    ("some.name.midd.leNa.me.+extension@gmail.com", "somenamemiddlename@gmail.com"),
    ("some.name+extension@unknown.com", "some.name+extension@unknown.com"),
    ("test@ya.ru", "test@yandex.ru"),
    ("test@yandex.kz", "test@yandex.ru"),
    ("my.self@foo.com", "my.self@foo.com"),
    ("blAH@x.com", "blah@x.com"),
    ("foo+bar@live.fr", "foo@live.fr"),
    ("foo+bar@hotmail.co.uk", "foo@hotmail.co.uk"),
    ("foo-bar@yahoo.com", "foo@yahoo.com"),
    ("foo+bar@yahoo.com", "foo+bar@yahoo.com"),
    ("@gmail.com", None),
    ("@outlook.com", None),
]
"""From the published tests of validator.js `normalizeEmail`; not those where we differ on purpose."""


@pytest.mark.parametrize(("written", "mailbox"), VALIDATOR_JS)
def test_mailboxes_are_read_as_validator_js_reads_them(written, mailbox):
    assert canonical_email(written) == mailbox


@pytest.mark.parametrize(
    ("written", "mailbox"),
    [
        ("a@me.com", "a@icloud.com"),
        ("a+shop@mac.com", "a@icloud.com"),
        ("a.b_c-d+x@protonmail.com", "abcd@proton.me"),
        ("matthew..example@gmail.com", "matthewexample@gmail.com"),
        ("  Anna@Example.ORG ", "anna@example.org"),
        ("anna@example.org.", "anna@example.org"),
    ],
)
def test_one_mailbox_under_two_domains_is_one(written, mailbox):
    """Where validator.js keeps two spellings of one mailbox apart, we do not: it cleans, we compare."""
    assert canonical_email(written) == mailbox


def test_domains_are_idna_2008():
    """RFC 5891 keeps ß; the older IDNA 2003 would have mailed a stranger at strasse.de."""
    assert canonical_email("hans@Straße.de") == "hans@xn--strae-oqa.de"
    assert canonical_email("hans@müller.example") == canonical_email("hans@xn--mller-kva.example")


@pytest.mark.parametrize(
    "rubbish",
    [
        "",
        "@",
        "anna",
        "anna@",
        "anna@host",
        "anna@host.1",
        "an na@x.de",
        "a@b@c",
        "a@-x.de",
        "a@x..de",
        "+x@gmail.com",
        "...@gmail.com",
        '"a b"@x.de',
        "a@[127.0.0.1]",
        "ä" * 64 + "@x.de",
        "a@" + "x" * 64 + ".de",
    ],
)
def test_what_cannot_be_delivered_is_none(rubbish):
    assert canonical_email(rubbish) is None


@given(
    st.emails()
    | st.text(max_size=40)
    | st.text(min_size=1, max_size=20).map(lambda text: f"{text}@gmail.com")
)
@example("İ@x.de")
def test_canonical_is_idempotent(written):
    """Law: the canonical form of a canonical form is itself."""
    mailbox = canonical_email(written)
    assert mailbox is None or canonical_email(mailbox) == mailbox


@given(
    st.from_regex(r"[a-z][a-z0-9]{2,20}", fullmatch=True),
    st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True),
    st.sampled_from(sorted(PROVIDERS)),
)
def test_a_tag_never_changes_the_mailbox_of_a_known_provider(local, tag, domain):
    """Law: mailbox + tag is the mailbox."""
    assert canonical_email(f"{local}{PROVIDERS[domain].tag}{tag}@{domain}") == canonical_email(
        f"{local}@{domain}"
    )


def test_throw_away_domains_are_told_with_their_subdomains():
    assert is_disposable("mailinator.com")
    assert is_disposable("in.Mailinator.com")
    assert not is_disposable("gmail.com")
    assert not is_disposable("com")
    assert not is_disposable("not a domain")


def test_a_domain_that_is_none_is_none():
    assert canonical_domain("x" * 300 + ".de") is None
    assert canonical_domain("\u0640.de") is None
