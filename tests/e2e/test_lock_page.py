"""The member's own page of their lock, in Chromium: off at once, on after a proof, and nothing by looking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from app.pages.texts import TEXTS
from earnest_client import Earnest
from tests.e2e.authenticators import chromium, let_passkeys_age
from tests.e2e.browser import PHONE
from tests.e2e.challenging import joined
from tests.e2e.events import fresh
from tests.e2e.rewards import Visitor, address, database, number, programme
from tests.e2e.test_check_page import PUBLIC, is_whole
from tests.e2e.test_passkeys import House, enrol, member
from tests.e2e.test_reward_link import WIDE, other_code

__all__ = ["member"]
EN = TEXTS["en"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with programme(tmp_path_factory.mktemp("locks"), EARNEST_PUBLIC_URL=PUBLIC) as running:
        yield running


@pytest.fixture(scope="module")
def browser(house: House) -> Iterator[Browser]:
    with chromium(house[0]) as launched:
        yield launched


@pytest.fixture
def earnest(house: House) -> Iterator[Earnest]:
    with Earnest(house[0].address, house[0].key("tokens", "score", "read", "events")) as client:
        yield client


def state(house: House, account_id: str) -> str:
    with house[0].client() as client:
        return str(client.get(f"/v1/accounts/{account_id}").json["state"])


@pytest.fixture
def arrived(house: House, earnest: Earnest) -> Callable[..., tuple[str, str, str]]:
    """A function that makes a member: their account, telephone, and the path of a link to their lock."""

    def arrive(phone: str | None = None, account_id: str | None = None) -> tuple[str, str, str]:
        with house[0].client() as client:
            account_id = joined(client, phone, account_id)
        return account_id, phone or "", urlsplit(earnest.lock_link(account_id).link).path

    return arrive


@pytest.mark.parametrize(
    ("locale", "window", "script"),
    [("en", WIDE, True), ("de", PHONE, False)],
    ids=["English, wide", "German, on a phone, without a script"],
)
def test_off_at_once_and_on_after_a_code(house, member, arrived, locale, window, script):
    one = member(locale={"en": "en-GB", "de": "de-DE"}[locale], viewport=window, java_script_enabled=script)
    account_id, phone, path = arrived(number())
    page = one.page
    page.goto(PUBLIC + path)
    is_whole(page, locale)
    one.press("continue", locale)
    one.is_at("lock_on_heading", locale)
    is_whole(page, locale)
    one.press("lock_now", locale)
    one.is_at("lock_off_heading", locale)
    is_whole(page, locale)
    assert state(house, account_id) == "locked"
    page.get_by_role("button", name=phone[-2:]).click()
    one.is_at("type_heading", locale)
    is_whole(page, locale)
    field, code = page.get_by_label(TEXTS[locale]["code_label"], exact=True), house[1].code_to(phone)
    field.fill(other_code(code))
    one.press("code_confirm", locale)
    expect(page.get_by_role("alert")).to_contain_text(TEXTS[locale]["wrong_code"])
    assert state(house, account_id) == "locked"
    field.fill(code)
    one.press("code_confirm", locale)
    one.is_at("lock_on_heading", locale)
    assert state(house, account_id) == "active"
    assert one.complaints == []
    assert watched(house, account_id) == ["login", "login_failed", "signup"]
    assert audited(house, account_id) == [
        "account.locked",
        "otp.sent",
        "otp.failed",
        "otp.verified",
        "account.unlocked",
    ]


def watched(house: House, account_id: str) -> list[str]:
    """What the detectors were told of the account."""
    house[0].settle()
    with database(house[0]) as connection:
        query = "SELECT type FROM decisions WHERE account_id = ? ORDER BY type"
        return [row[0] for row in connection.execute(query, (account_id,))]


def audited(house: House, account_id: str) -> list[str]:
    with database(house[0]) as connection:
        query = "SELECT event FROM audit WHERE subject = ? ORDER BY seq"
        return [row[0] for row in connection.execute(query, (account_id,))]


def test_on_with_a_passkey(house, member, arrived):
    one, account_id = member(), fresh()
    enrol(house, one, account_id)
    let_passkeys_age(house[0])
    _, _, path = arrived(number(), account_id)
    one.page.goto(PUBLIC + path)
    one.press("continue")
    one.press("lock_now")
    one.press("way_passkey")
    one.is_at("passkey_heading")
    is_whole(one.page, "en")
    one.press("passkey_use")
    one.is_at("lock_on_heading")
    assert state(house, account_id) == "active"


def press(visitor: Visitor, gesture: str, **fields: str) -> int:
    """A button of the lock's page, and follow."""
    reply = visitor.ask("POST", f"/lock/{gesture}", visitor.hidden | fields)
    if reply.status == 303:
        headers: dict[str, Any] = {name.lower(): value for name, value in reply.headers.items()}
        return visitor.ask("GET", headers["location"]).status
    return reply.status


def test_looking_changes_nothing_whatever_the_link_is(house, arrived):
    account_id, _, path = arrived(number())
    for method, status in (("GET", 200), ("HEAD", 200), ("OPTIONS", 200), ("PUT", 405)):
        with Visitor(house[0], address()) as scanner:
            told = [scanner.ask(method, where) for where in (path, "/l/x", "/l/", path[:-4] + "AAAA")]
        assert {(reply.status, reply.body) for reply in told} == {(status, told[0].body)}
    assert state(house, account_id) == "active"
    assert audited(house, account_id) == []


def test_who_has_no_way_to_prove_it_is_sent_to_the_programme(house, arrived):
    account_id, _, path = arrived(None)
    with Visitor(house[0], address()) as visitor:
        assert visitor.ask("POST", path, {}).status == 303
        visitor.ask("GET", "/lock")
        assert press(visitor, "off") == 200
        assert EN["lock_nothing"] in visitor.page
        for gesture, fields in (("verify", {"by": "totp", "code": "123456"}), ("way", {"by": "sms_otp"})):
            press(visitor, gesture, **fields)
            assert state(house, account_id) == "locked"


def test_a_lock_of_the_programme_is_not_the_members_to_take_away(house, earnest, arrived):
    account_id, phone, path = arrived(number())
    assert earnest.lock(account_id).state == "locked"
    with Visitor(house[0], address()) as visitor:
        visitor.ask("POST", path, {})
        visitor.ask("GET", "/lock")
        assert EN["lock_kept"] in visitor.page
        press(visitor, "way", by="sms_otp")
        press(visitor, "verify", by="sms_otp", code="123456")
    assert (state(house, account_id), house[1].codes_to(phone)) == ("locked", [])
    assert earnest.unlock(account_id, by="member").state == "active"


def test_a_forged_link_or_form_does_nothing(house, arrived):
    account_id, _, path = arrived(number())
    with Visitor(house[0], address()) as visitor, Visitor(house[0], address()) as other:
        assert visitor.ask("POST", path[:-4] + "AAAA", {}).status == 404
        assert visitor.ask("POST", "/l/x", {}).status == 404
        assert visitor.ask("POST", path, {}, **{"Sec-Fetch-Site": "cross-site"}).status == 403
        assert visitor.ask("POST", path, {}).status == 303
        assert other.ask("GET", "/lock").status == 410
        visitor.hidden = {}
        assert visitor.ask("POST", "/lock/off", {"form_token": "0" * 64}).status == 403
    assert state(house, account_id) == "active"
