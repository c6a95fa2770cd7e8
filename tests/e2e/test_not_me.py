"""A member's "this was not me", from the reward's mail to the case: redeeming is off, and the backend is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from app.pages.texts import TEXTS
from benchmarks.installation import PATIENCE_S, until
from earnest_client import Delivery, Locked, Otp, Reward
from tests.e2e.browser import PHONE
from tests.e2e.events import fresh
from tests.e2e.loop_house import House, audit_is_whole, happened, house, joined
from tests.e2e.rewards import address, number
from tests.e2e.test_reward_link import BROWSERS, is_sound, press

expect.set_options(timeout=PATIENCE_S * 1_000)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("not-me")) as running:
        yield running


def local(home: House, link: str) -> str:
    """The link, at the address where this installation listens."""
    return home.running.address + re.sub(r"^https?://[^/]+", "", link)


def link_in(home: House, mailbox: str, kind: str, nth: int) -> str:
    """The link of this kind in the nth mail to this mailbox, waited for."""
    until(lambda: len(home.mails_to(mailbox)) > nth)
    (link,) = set(re.findall(rf"https?://\S+/{kind}/[A-Za-z0-9_.-]+", home.mails_to(mailbox)[nth]))
    return local(home, link)


def is_at(page: Page, heading: str, locale: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(TEXTS[locale][heading])
    is_sound(page, locale)


@pytest.mark.parametrize("locale", ["en", "de"])
def test_from_the_notice_to_the_lock_the_case_and_the_webhooks(home, opened, locale):
    earnest, phone, mailbox = home.earnest, number(), f"{fresh()}@mail.example"
    account_id = joined(earnest, phone)
    issued = earnest.issue_token(
        account_id,
        Reward(title="A coffee", points=300, payload={"voucher_code": "K4YQ"}),
        delivery=Delivery(channel="email", to=mailbox, locale=locale),
        otp=Otp(method="sms", to=phone),
    )
    thief = opened(address(), locale=BROWSERS[locale], viewport=PHONE).page
    thief.goto(link_in(home, mailbox, "r", 0))
    press(thief, "continue", locale)
    press(thief, "send", locale)
    until(lambda: home.codes_to(phone))
    thief.get_by_label(TEXTS[locale]["code_label"], exact=True).fill(home.codes_to(phone)[0])
    press(thief, "confirm", locale)
    expect(thief.get_by_text("K4YQ", exact=True)).to_be_visible()
    assert earnest.token(issued.token_id).state == "redeemed"
    member = opened(address(), locale=BROWSERS[locale], viewport=PHONE)
    member.page.goto(link_in(home, mailbox, "w", 1))
    is_at(member.page, "dispute_heading", locale)
    assert earnest.decide(happened("redeem", account_id, points=10)).allowed, "looking locks nothing"
    press(member.page, "dispute_confirm", locale)
    is_at(member.page, "disputed_heading", locale)
    stopped = earnest.decide(happened("redeem", account_id, points=10))
    assert (stopped.decision, stopped.reasons[0].code) == ("block", "ACCOUNT_LOCKED")
    assert earnest.decide(happened("earn", account_id, points=10)).allowed
    member.nothing_is_wrong()
    other = earnest.issue_token(account_id, Reward(points=5))
    with pytest.raises(Locked):
        earnest.redeem_token(other.link, account_id)
    a_case_is_open_and_told_of(home, account_id)
    audit_is_whole(home)


def a_case_is_open_and_told_of(home: House, account_id: str) -> None:
    """One, by the member, opened with the lock; both told once."""
    with home.running.client() as client:
        state = client.get(f"/v1/accounts/{account_id}").json
        assert state["state"] == "locked"
        (case,) = [one for one in client.get("/v1/cases").json["items"] if one["account_id"] == account_id]
    kinds = ["account.locked", "case.opened"]
    until(lambda: {one.kind for one in home.told(account_id)} >= set(kinds))
    told = [one for one in home.told(account_id) if one.kind in kinds]
    assert sorted(one.kind for one in told) == kinds
    assert {one.data["case_id"] for one in told if one.kind == "case.opened"} == {case["case_id"]}
