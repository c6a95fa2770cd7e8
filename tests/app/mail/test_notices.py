"""A text message is short, in its language, and bound to the page's host by its last line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.addresses import Unsendable
from app.mail.composing import compose
from app.mail.notices import SMS_SEPTETS, notice_of, septets, sms_text
from app.redeeming.letters import message_id_of
from tests.app.mail.letters import LINK, NOW_MS, SENDER, code, link, reward


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("digits", ["482913", "48291377"])
@pytest.mark.parametrize(
    "brand", ["Brand & Co", "A very long name of a programme that nobody would ever shorten by hand"]
)
def test_one_message_is_enough_and_its_last_line_is_what_browsers_read(locale, digits, brand):
    text = sms_text(code(locale=locale, code=digits, brand=brand))
    assert text.splitlines()[-1] == f"@redeem.brand.example #{digits}"
    assert septets(text) <= SMS_SEPTETS
    assert text.startswith(brand[:10])
    assert "K7" in text
    assert "://" not in text


def test_both_languages_say_who_for_how_long_where_and_to_tell_nobody():
    assert sms_text(code()).splitlines()[0] == (
        "Brand & Co: code 482913 (ref. K7), good for 5 min. Only for redeem.brand.example. Tell it to nobody."
    )
    assert sms_text(code(locale="de")).splitlines()[0] == (
        "Brand & Co: Code 482913 (Kennung K7), 5 Min. gültig. Nur für redeem.brand.example. Nennen Sie ihn niemandem."
    )


@given(brand=st.text(max_size=80), locale=st.sampled_from(["en", "de"]))
def test_no_brand_can_put_in_a_line_of_its_own(brand, locale):
    lines = re.split("[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", sms_text(code(brand=brand, locale=locale)))
    assert lines[1:] == ["", "@redeem.brand.example #482913"]


@pytest.mark.parametrize(("text", "counted"), [("abc@ä", 5), ("€", 2), ("Ż", None), ("", 0)])
def test_septets_are_those_of_the_gsm_alphabet(text, counted):
    assert septets(text) == counted


def test_a_host_is_told_as_it_is_looked_up_or_nothing_is_sent():
    text = sms_text(code(host="prämien.example:8443"))
    assert text.endswith("\n@xn--prmien-cua.example:8443 #482913")
    for none in ("", "a b", "a\nb"):
        with pytest.raises(Unsendable):
            notice_of(code(host=none), "<chl_1@x.example>", NOW_MS)


@pytest.mark.parametrize(
    ("host", "right"),
    [
        ("redeem.brand.example", "redeem.brand.example"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("[::1]:8000", "[::1]"),
        ("prämien.example", "xn--prmien-cua.example"),
        ("", "localhost"),
    ],
)
def test_a_message_id_stays_what_it_is_in_the_mail(host, right):
    """By it a report of a mail that came back is known."""
    message_id = message_id_of("tok_1", host)
    assert message_id == f"<tok_1@{right}>"
    mail = compose(reward(), message_id, SENDER, NOW_MS)
    assert f"Message-ID: {message_id}\r\n" in mail.as_bytes().decode()


def test_a_link_notice_holds_what_a_messenger_needs():
    notice = notice_of(link(), "<tok_1f2e@redeem.brand.example>", NOW_MS)
    assert (notice.kind, notice.at_ms) == ("link", NOW_MS)
    assert (notice.data.link, notice.data.expires_at) == (LINK, "2026-11-27T13:05:00Z")
    assert notice.data.reward == {"title": "Gift card", "points": 500}


def test_a_notice_of_no_link_is_refused():
    with pytest.raises(Unsendable):
        notice_of(link(link="/r/x"), "<tok_1f2e@redeem.brand.example>", NOW_MS)
