"""What strangers and careless programmes write into names, headers and addresses stays text, and is repeated nowhere."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from app.pages.texts import TEXTS
from tests.e2e.events import fresh
from tests.e2e.post_office import part_of
from tests.e2e.rewards import Visitor, address, issued, number, order, programme

EVIL = "evil.example"
BRAND = "{{7*7}} ${7*7} %(x)s {brand} \\\"'& Co"
TITLE = "{{ config }} {link} \"onmouseover=alert(1) 'x' & y"
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
POLICY = f"""
name = "rough"
[tokens]
brand = "{BRAND}"
support = "javascript:alert(3) {{{{7*7}}}}"
"""
HEADINGS = {"continue": "landing_heading", "send": "ask_heading"}
SHOWN = BRAND.replace("\\", "")
FORGED = (
    {"Host": EVIL},
    {"Host": f"{EVIL}:443@127.0.0.1"},
    {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": f"//{EVIL}"},
    {"Forwarded": f"for=1.2.3.4;host={EVIL};proto=https", "X-Original-URL": f"//{EVIL}/", "X-Rewrite-URL": f"//{EVIL}/"},
    {"X-Forwarded-Proto": f"{EVIL}"},
)  # fmt: skip


@pytest.fixture(scope="module")
def rough(tmp_path_factory):
    """A programme whose very name is an attempt."""
    with programme(tmp_path_factory.mktemp("rough"), policy=POLICY) as running:
        yield running


@pytest.mark.parametrize("forged", FORGED, ids=range(len(FORGED)))
def test_no_link_redirect_or_page_repeats_a_forged_host(lindner, forged):
    """Links come from the configuration, redirects are paths, and pages name the host that members were told."""
    running, _ = lindner
    with running.client() as client, Visitor(running, address()) as visitor:
        reply = client.ask("POST", "/v1/tokens", order(), **forged)
        assert reply.status == 201
        link = reply.json["link"]
        assert link.startswith(f"{running.address}/r/")
        path = urlsplit(link).path
        told = [reply]
        told += [
            visitor.ask("GET", asked, **forged)
            for asked in (path, f"{path}/", "/r", "//r/x", "/redeem", "/redeem/", "/v1")
        ]
        entered = visitor.ask("POST", path, {}, **forged)
        told += [
            entered,
            visitor.ask("GET", "/redeem", **forged),
            visitor.ask("POST", "/redeem/code", visitor.hidden, **forged),
        ]
        assert entered.headers["location"] == "/redeem"
        for one in told:
            assert EVIL not in one.body.decode() + repr(one.headers)
            assert not one.headers.get("location", "/").startswith(("//", "http"))
        assert visitor.ask("GET", "/redeem").status == 200


def test_a_hostile_name_is_text_in_mail_and_page(rough, opened):
    """Nothing is computed, nothing runs, nothing is asked for: not brand, title, support, nor the reward's content."""
    running, office = rough
    to, phone = f"{fresh()}@mail.example", number()
    with running.client() as client:
        issued(
            client,
            reward={"title": TITLE, "payload": {"voucher_code": SCRIPT, SCRIPT: "{{7*7}}"}},
            delivery={"channel": "email", "to": to},
            otp={"method": "sms", "to": phone},
        )
    mail, link = office.mail_to(to), office.link_to(to)
    assert mail["Subject"].startswith(SHOWN)
    assert mail.get_all("To") == [to]
    assert SHOWN in part_of(mail, "plain")
    assert TITLE in part_of(mail, "plain")
    seen = opened(address())
    seen.page.on("dialog", lambda dialog: seen.complaints.append(dialog.message))
    seen.page.set_content(part_of(mail, "html"))
    assert f"{SHOWN} has a reward for you: {TITLE}" in seen.page.inner_text("body")
    seen.requests.clear()
    seen.page.goto(link)
    for name in ("continue", "send"):
        expect(seen.page).to_have_title(f"{TEXTS['en'][HEADINGS[name]]} · {SHOWN}")
        seen.page.get_by_role("button", name=TEXTS["en"][name], exact=True).click()
    seen.page.get_by_label("Code", exact=True).fill(office.code_to(phone))
    seen.page.get_by_role("button", name=TEXTS["en"]["confirm"], exact=True).click()
    expect(seen.page.get_by_text(SCRIPT, exact=True)).to_have_count(2)  # a name and a value
    expect(seen.page.get_by_text(TITLE, exact=True)).to_be_visible()
    assert (
        seen.page.locator("main img, main script, [onmouseover], [onerror], a[href^=javascript]").count() == 0
    )
    seen.nothing_is_wrong()


@pytest.mark.parametrize(
    "to",
    [
        "a@mail.example, b@evil.example", "a@mail.example;b@evil.example", "a@mail.example\r\nBcc: b@evil.example",
        "A <a@mail.example>", "g:a@mail.example,b@evil.example;", "a@mail.example\u2028Bcc: b@evil.example",
        "a@mail.example\x00", "a@ma\x85il.example",
    ],
)  # fmt: skip
def test_a_recipient_is_one_mailbox_or_refused(lindner, to):
    running, office = lindner
    with running.client() as client:
        before = len(office.mails)
        reply = client.ask("POST", "/v1/tokens", order(delivery={"channel": "email", "to": to}))
        assert reply.status == 422
        assert EVIL not in reply.body.decode()
        assert len(office.mails) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"delivery": {"channel": "email", "to": "a@mail.example", "locale": "en\r\nX-Evil: 1"}},
        {"delivery": {"channel": "email", "to": "a@mail.example", "locale": "../../de"}},
        {"reward": {"title": "a\r\nBcc: b@evil.example", "points": 1}},
        {"reward": {"title": "a\u2028b", "points": 1}},
        {"reward": {"title": SCRIPT, "points": 1}},
        {"otp": {"method": "sms", "to": "+4915112345678\r\nx"}},
    ],
)
def test_line_ends_and_tags_are_refused_where_a_line_of_text_belongs(lindner, wrong):
    running, _ = lindner
    with running.client() as client:
        assert client.ask("POST", "/v1/tokens", order(**wrong)).status == 422
