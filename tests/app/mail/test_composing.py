"""A mail says the same in text and HTML, to one mailbox, with one link; nothing put into it becomes more than text."""

from __future__ import annotations

import email
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.mail.addresses import Unsendable
from app.mail.composing import compose
from tests.app.mail.letters import LINK, MESSAGE_ID, NOW_MS, SENDER, code, reward


class Page(HTMLParser):
    """What a mail program would see: tags, their attributes, and the words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.anchors: list[str] = []
        self.words = ""
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self._inside.append(tag)
        if tag == "a":
            self.anchors.append("")

    def handle_endtag(self, tag):
        assert self._inside.pop() == tag

    def handle_data(self, data):
        if "style" not in self._inside and "title" not in self._inside:
            self.words += data
        if "a" in self._inside:
            self.anchors[-1] += data


def parsed(letter, sender=SENDER) -> EmailMessage:
    """The mail as it arrives."""
    raw = compose(letter, MESSAGE_ID, sender, NOW_MS).as_bytes(policy=SMTP)
    return email.message_from_bytes(raw, EmailMessage, policy=SMTP)


def both(mail: EmailMessage) -> tuple[str, Page]:
    parts = list(mail.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    return parts[0].get_content(), Page(parts[1].get_content())


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (
            "en",
            [
                "Brand & Co has a reward for you: 10 EUR gift card",
                "The link works once, until Friday, 27 November 2026, 14:05 (Europe/Berlin).",
                "It asks for nothing else.",
                "We never ask for your password, card number or PIN; never by mail, and never by telephone.",
                "shows redeem.brand.example.",
                "Questions? +49 30 901820",
            ],
        ),
        (
            "de",
            [
                "Brand & Co hat eine Prämie für Sie: 10 EUR gift card",
                "Der Link gilt nur einmal, und zwar bis Freitag, 27. November 2026, 14:05 Uhr (Europe/Berlin).",
                "Sie fragt nach nichts anderem.",
                "Wir fragen nie nach Passwort, Kartennummer oder PIN; nie per Mail und nie am Telefon.",
                "Browsers redeem.brand.example zeigt.",
                "Fragen? +49 30 901820",
            ],
        ),
    ],
)
def test_a_reward_mail_says_all_of_it_in_both_parts(locale, said):
    mail = parsed(reward(locale=locale))
    text, page = both(mail)
    for sentence in said:
        assert sentence in flat(text)
        assert sentence in flat(page.words)
    assert mail["Content-Language"] == locale
    assert page.tags[0] == ("html", {"lang": locale})


def test_its_headers_are_those_of_an_automatic_mail_to_one_person():
    mail = parsed(reward())
    assert mail["Message-ID"] == MESSAGE_ID
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [address.addr_spec for address in mail["To"].addresses] == ["member@mail.example"]
    assert str(mail["From"]) == "Brand <rewards@brand.example>"
    assert mail["Date"].datetime.timestamp() == NOW_MS // 1_000
    assert {"Cc", "Bcc", "Reply-To"}.isdisjoint(mail.keys())


def test_a_sender_without_a_name_goes_by_the_brand():
    mail = parsed(reward(brand="Müller, Söhne"), Address("", addr_spec="r@brand.example"))
    assert [a.display_name for a in mail["From"].addresses] == ["Müller, Söhne"]


@pytest.mark.parametrize("locale", ["en", "de"])
def test_there_is_one_link_shown_as_the_host_it_leads_to(locale):
    text, page = both(parsed(reward(locale=locale)))
    assert re.findall(r"\S+://\S+", text) == [LINK]
    assert page.anchors == ["redeem.brand.example"]
    assert [attrs["href"] for tag, attrs in page.tags if tag == "a"] == [LINK]
    assert re.findall(r"\S+://\S+", page.words) == [LINK]  # the typed fallback: the same


@pytest.mark.parametrize("letter", [reward(), reward(locale="de"), code(), code(locale="de")])
def test_nothing_is_fetched_from_anywhere_and_nothing_tracks(letter):
    html = compose(letter, MESSAGE_ID, SENDER, NOW_MS).get_body(("html",)).get_content()
    page = Page(html)
    assert {tag for tag, _ in page.tags}.isdisjoint(
        {"img", "link", "script", "iframe", "form", "object", "base"}
    )
    assert {name for _, attrs in page.tags for name in attrs}.isdisjoint(
        {"src", "srcset", "background", "ping"}
    )
    assert "url(" not in html
    assert "@import" not in html
    mail = compose(letter, MESSAGE_ID, SENDER, NOW_MS)
    assert all(part.get_content_disposition() is None for part in mail.walk())


@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_subject_tells_neither_amount_nor_code(locale):
    assert "10 EUR" not in parsed(reward(locale=locale))["Subject"]
    assert "482913" not in parsed(code(locale=locale))["Subject"]
    assert parsed(reward(locale=locale))["Subject"].startswith("Brand & Co: ")


def test_a_beginning_is_told_only_while_it_lies_ahead():
    ahead = reward(not_before_ms=NOW_MS + 86_400_000)
    for words in (both(parsed(ahead))[0], both(parsed(ahead))[1].words):
        assert "The link works from Thursday, 19 November 2026, 12:06 (Europe/Berlin)." in flat(words)
    assert "works from" not in both(parsed(reward()))[0]


def test_a_reward_without_a_code_says_so():
    text, page = both(parsed(reward(needs_code=False)))
    for words in (text, page.words):
        assert "only asks you to confirm" in flat(words)
        assert "code" not in flat(words).replace("authenticator", "")


@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_code_mail_says_code_reference_and_where_and_holds_no_link(locale):
    text, page = both(parsed(code(locale=locale)))
    for words in (text, page.words):
        assert "482913" in words
        assert "K7" in words
        assert "redeem.brand.example" in words
        assert "://" not in words
    assert page.anchors == []


@pytest.mark.parametrize(
    "inert", ["<b>&</b>", "{{7*7}}", "{% raw %}", "{brand.__class__}", '"><script>1', "%s %(x)s"]
)
def test_what_looks_like_markup_or_a_template_stays_what_it_is(inert):
    mail = parsed(reward(brand=inert, title=inert, support=inert))
    text, page = both(mail)
    for words in (text, page.words):
        assert words.count(inert) >= 3
    assert {tag for tag, _ in page.tags} <= {
        *("html", "head", "meta", "title", "style", "body", "table", "tr", "td", "p", "h1", "a", "br", "div")
    }
    assert mail["Subject"] == f"{inert}: your reward is ready"


def test_an_ampersand_in_the_link_is_right_in_both_parts():
    link = "https://redeem.brand.example/r?a=1&b=2&copy=3"
    text, page = both(parsed(reward(link=link)))
    assert link in text
    assert [attrs["href"] for tag, attrs in page.tags if tag == "a"] == [link]


def test_an_international_host_is_shown_as_it_is_looked_up():
    text, page = both(parsed(reward(link="https://prämien.example/r/x", to="m@bücher.example")))
    assert page.anchors == ["xn--prmien-cua.example"]
    assert "https://xn--prmien-cua.example/r/x" in text
    mail = parsed(reward(to="m@bücher.example"))
    assert [a.addr_spec for a in mail["To"].addresses] == ["m@xn--bcher-kva.example"]


def test_a_domain_for_tests_gets_mail_as_it_may_be_ordered():
    """The API takes it; a mail that fails afterwards would leave whoever tries the service without a link."""
    assert [a.addr_spec for a in parsed(reward(to="a@shop.test"))["To"].addresses] == ["a@shop.test"]


@pytest.mark.parametrize(
    "to",
    [
        "v@y.example, evil@x.example",
        "v@y.example;evil@x.example",
        "v@y.example\r\nBcc: evil@x.example",
        "v@y.example\n",
        "group: v@y.example, evil@x.example;",
        "Name <v@y.example>",
        "v@y.example\u2028evil@x.example",
        '"v@y.example, evil"@x.example',
        "münze@y.example",
        "v@localhost",
        "v@[127.0.0.1]",
        "v",
        "",
    ],
)
def test_anything_but_one_mailbox_is_refused_without_repeating_it(to):
    with pytest.raises(Unsendable) as refused:
        compose(reward(to=to), MESSAGE_ID, SENDER, NOW_MS)
    assert str(refused.value) == "cannot be composed: the recipient is not one mailbox"


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "https://user@evil.example/r/x",
        "https:///r/x",
        "/r/x",
        'https://a.example/"x',
        "https://a.example/ x",
        "https://a.example/\r\nx",
        "https://a.example:99999/x",
        "https://a.example/ä",
        "https://" + "a" * 3_000,
        "",
    ],
)
def test_a_link_that_is_none_is_refused_without_repeating_it(link):
    with pytest.raises(Unsendable) as refused:
        compose(reward(link=link), MESSAGE_ID, SENDER, NOW_MS)
    assert not link or link not in str(refused.value)


@pytest.mark.parametrize("message_id", ["", "tok", "<a@b>\r\nBcc: x@y.example", "<a b@c>", "<a@b><c@d>"])
def test_a_message_id_that_could_be_more_is_refused(message_id):
    with pytest.raises(Unsendable):
        compose(reward(), message_id, SENDER, NOW_MS)


@pytest.mark.parametrize("wrong", [{"timezone": "Mars/Base"}, {"timezone": "../x"}, {"expires_ms": 10**18}])
def test_an_instant_that_cannot_be_told_is_refused(wrong):
    with pytest.raises(Unsendable):
        compose(reward(**wrong), MESSAGE_ID, SENDER, NOW_MS)


ANYTHING = st.text(max_size=60) | st.sampled_from([
    "a\r\nBcc: evil@x.example", "a\n\n<html>", "a\u2028b", "a\x0bb", "a\x85b", "\u202egnol", "\ud800", "=?utf-8?q?x?=",
])  # fmt: skip


@given(brand=ANYTHING, title=ANYTHING, support=ANYTHING, locale=st.sampled_from(["en", "de"]))
@example(brand="", title="", support="", locale="en")
def test_no_text_ever_adds_a_header_a_recipient_or_a_link(brand, title, support, locale):
    letter = reward(brand=brand, title=title, support=support, locale=locale)
    usual = parsed(reward(locale=locale))
    mail = parsed(letter)
    assert mail.keys() == usual.keys()
    for name in ("From", "To", "Message-ID", "Date", "Auto-Submitted"):
        assert str(mail[name]) == str(usual[name])
    text, page = both(mail)
    assert page.anchors == ["redeem.brand.example"]
    assert [tag for tag, _ in page.tags if tag != "p"] == [
        tag for tag, _ in both(usual)[1].tags if tag != "p"
    ]
    assert "\u202e" not in text + page.words


@given(to=st.text(max_size=40) | st.emails())
def test_a_recipient_is_exactly_one_or_refused(to):
    try:
        mail = parsed(reward(to=to))
    except Unsendable:
        return
    (only,) = mail["To"].addresses
    assert only.addr_spec.isascii()
    assert mail.keys() == parsed(reward()).keys()
