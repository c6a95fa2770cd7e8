"""Whatever opens a link before the member does: it changes nothing, or nothing that the member would miss."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from benchmarks.installation import until
from tests.e2e.events import fresh
from tests.e2e.rewards import (
    VOUCHER,
    Visitor,
    address,
    database,
    issued,
    let_time_pass,
    number,
    state_of,
    token_of,
)

AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
    "Mozilla/4.0 (compatible; ms-office; MSOffice rmj)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "facebookexternalhit/1.1",
    "WhatsApp/2.24.11 A",
    "Slackbot-LinkExpanding 1.0",
    "BarracudaCentral-LinkScanner",
    "curl/8.5.0",
    "",
)
TABLES = (
    "tokens", "redemptions", "idempotent_calls", "campaign_budgets", "otp_subjects", "otp_challenges", "otp_counts",
    "authenticators", "outbox", "audit",
)  # fmt: skip
TURNS = 8
"""Presses of a scanner in one round: the way has four pages with a button or two."""
ROUNDS = 3
"""A mailbox is scanned when a mail comes in, when it is opened, and when somebody reports it."""


@pytest.fixture
def mailed(lindner):
    """The link of a token, mailed; the member's telephone and the token's id."""
    running, office = lindner
    to, phone = f"{fresh()}@mail.example", number()
    with running.client() as client:
        told = issued(client, delivery={"channel": "email", "to": to}, otp={"method": "sms", "to": phone})
        link = office.link_to(to)
        until(lambda: state_of(client, told["token_id"])["state"] == "delivered")
    return link, phone, told["token_id"]


def everything_about_tokens(running):
    """Every row there is."""
    with database(running) as connection:
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}  # noqa: S608


def redeems(running, office, link, phone) -> None:
    """A member comes with the link and gets the reward, with the newest code."""
    with Visitor(running, address()) as member:
        assert member.enter(link).status == 200
        sent = len(office.codes_to(phone))
        assert member.press("code").status == 200
        assert member.type(office.code_to(phone, sent + 1)).status == 200
        assert VOUCHER in member.page


def test_get_head_and_options_change_nothing_whoever_sends_them(lindner, mailed):
    """Not one row of one table, the audit included; and every answer is one that finds the link sound."""
    running, office = lindner
    link, phone, _ = mailed
    before = everything_about_tokens(running)
    token = token_of(link)
    paths = (
        urlsplit(link).path,
        "/r",
        f"/r?{token}",
        "/redeem",
        "/redeem/code",
        "/redeem/verify",
        "/redeem/release",
    )
    with Visitor(running, address()) as scanner:
        for agent in AGENTS:
            for path in paths[: None if agent == AGENTS[0] else 1]:
                for method in ("HEAD", "GET", "OPTIONS", "GET"):
                    reply = scanner.ask(method, path, **{"User-Agent": agent, "Purpose": "prefetch"})
                    assert reply.status in {200, 303, 410}, (method, path)
                    assert VOUCHER not in scanner.page
        for method in ("PUT", "DELETE", "PATCH", "TRACE"):
            assert scanner.ask(method, paths[0]).status == 405
        assert scanner.cookie == ""
    assert everything_about_tokens(running) == before
    redeems(running, office, link, phone)


def test_the_page_behind_a_link_tells_a_scanner_nothing(lindner, mailed):
    """The same bytes for a good link, a used one and nonsense: who has none cannot find one."""
    running, office = lindner
    link, phone, _ = mailed
    with Visitor(running, address()) as scanner:
        good = scanner.ask("GET", urlsplit(link).path)
        redeems(running, office, link, phone)
        for path in (urlsplit(link).path, "/r/nonsense", "/r/" + "x" * 2_000, "/r/%00%ff"):
            other = scanner.ask("GET", path)
            assert (other.status, other.body) == (good.status, good.body)


def click_everything(page: Page, link: str) -> None:
    """Open the link, then go on and on: fill the fields, press the next button, send the next form without pressing."""
    page.goto(link)
    for turn in range(TURNS):
        buttons, forms = page.locator("button:visible"), page.locator("form")
        if not buttons.count():
            return
        for field in page.locator("input:visible").all():
            field.fill("123456")
        button = buttons.nth(turn % buttons.count())
        if turn % 3 == 2:
            with page.expect_event("load"):
                forms.nth(turn % forms.count()).evaluate("(form) => form.submit()")
        elif button.get_attribute("aria-disabled"):
            button.click(force=True)
        else:
            with page.expect_event("load"):
                button.click()


def test_a_browser_that_presses_everything_takes_nothing_from_the_member(lindner, mailed, opened):
    """A scanner with a full Chromium, in several rounds, has the reward neither shown nor used up."""
    running, office = lindner
    link, phone, token_id = mailed
    for _ in range(ROUNDS):
        scanner = opened(address()).page
        click_everything(scanner, link)
        assert VOUCHER not in scanner.content()
    with running.client() as client:
        told = state_of(client, token_id)
    assert told["state"] in {"delivered", "challenged"}
    assert told["attempts"] <= 5
    assert told["codes_sent"] >= 1, "it did press what it could"
    let_time_pass(running, 120)  # the scanner made a code be sent; the member waits for the next
    redeems(running, office, link, phone)
