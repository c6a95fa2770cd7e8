"""The check at redemption in Chromium: asked and paid, held and let go, frozen; and scanners, who open nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from app.pages.texts import TEXTS
from benchmarks.installation import PATIENCE_S, until
from tests.e2e.authenticators import chromium
from tests.e2e.browser import PHONE
from tests.e2e.challenging import joined
from tests.e2e.events import fresh
from tests.e2e.rewards import POLICY, VOUCHER, Visitor, address, database, issued, number, programme, state_of
from tests.e2e.test_passkeys import House, Member, member
from tests.e2e.test_reward_link import WIDE, is_sound

__all__ = ["member"]
PUBLIC: Final = "http://localhost:8000"
ASKED, HELD, STOPPED = 777, 888, 999
JUDGED: Final = POLICY + "".join(
    f"""
[[rules]]
code = "{code}"
when = "event.points == {points}"
applies_to = ["redeem"]
effect = "{effect}"
message = "always"
"""
    for code, points, effect in (
        ("ASK", ASKED, "challenge"),
        ("LOOK", HELD, "review"),
        ("STOP", STOPPED, "block"),
    )
)
BROWSERS: Final = {"en": "en-GB", "de": "de-DE"}
EITHER: Final = pytest.mark.parametrize(
    ("locale", "window", "script"),
    [("en", WIDE, True), ("de", PHONE, False)],
    ids=["English, wide", "German, on a phone, without a script"],
)
expect.set_options(timeout=PATIENCE_S * 1_000)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("judged")
    with programme(home, EARNEST_PUBLIC_URL=PUBLIC, policy=JUDGED) as running:
        yield running


@pytest.fixture(scope="module")
def browser(house: House) -> Iterator[Browser]:
    with chromium(house[0]) as launched:
        yield launched


def reward(house: House, points: int, locale: str = "en", account_id: str | None = None) -> dict[str, Any]:
    """A voucher without a code of its own, whose redemption is judged by its points: the answer with the link."""
    promised = {"title": "10 € gift card", "points": points, "payload": {"voucher_code": VOUCHER}}
    with house[0].client() as client:
        return issued(
            client,
            account_id=account_id or fresh(),
            reward=promised,
            delivery={"channel": "none", "locale": locale},
            otp={"method": "none"},
        )


def redeems(one: Member, link: str, locale: str) -> None:
    """From the link to the button that commits."""
    one.page.goto(link)
    one.press("continue", locale)
    is_whole(one.page, locale)
    assert VOUCHER not in one.page.content()
    one.press("release", locale)


def is_whole(page: Page, locale: str) -> None:
    page.wait_for_load_state()
    is_sound(page, locale)


def burned(house: House, account_id: str) -> int:
    """Points burned at an account, as recorded by now."""
    with house[0].client() as client:
        return int(client.get(f"/v1/accounts/{account_id}").json["totals"]["redeemed_points"])


def openings(house: House) -> int:
    """Sessions that opened any link."""
    with database(house[0]) as connection:
        return int(connection.execute("SELECT count(*) FROM link_openings").fetchone()[0])


@EITHER
def test_a_suspicious_redemption_is_confirmed_and_comes_back_to_its_reward(
    house, member, locale, window, script
):
    one = member(locale=BROWSERS[locale], viewport=window, java_script_enabled=script)
    phone = number()
    with house[0].client() as client:
        account_id = joined(client, phone)
    house[0].settle()
    told = reward(house, ASKED, locale, account_id)
    redeems(one, told["link"], locale)
    one.is_at("confirm_heading", locale)
    is_whole(one.page, locale)
    assert VOUCHER not in one.page.content()
    one.press("confirm_go", locale)
    one.press("continue", locale)
    one.is_at("check_prove_heading", locale)
    is_whole(one.page, locale)
    one.page.get_by_role("button", name=phone[-2:]).click()
    one.page.get_by_label(TEXTS[locale]["code_label"], exact=True).fill(house[1].code_to(phone))
    one.press("code_confirm", locale)
    one.page.wait_for_url("**/redeem**")
    is_whole(one.page, locale)
    one.press("release", locale)
    expect(one.page.get_by_text(VOUCHER, exact=True)).to_be_visible()
    is_whole(one.page, locale)
    until(lambda: burned(house, account_id) == ASKED)
    assert one.complaints == []


@EITHER
def test_a_held_reward_takes_longer_and_is_paid_once_when_it_is_let_go(house, member, locale, window, script):
    one = member(locale=BROWSERS[locale], viewport=window, java_script_enabled=script)
    told = reward(house, HELD, locale)
    redeems(one, told["link"], locale)
    one.is_at("delayed_heading", locale)
    is_whole(one.page, locale)
    assert VOUCHER not in one.page.content()
    with house[0].client() as client:
        account_id = state_of(client, told["token_id"])["account_id"]
        (case,) = client.get(f"/v1/cases?account_id={account_id}").json["items"]
        assert case["cause"] == "token"
        path = f"/v1/tokens/{told['token_id']}/release-hold"
        assert [client.ask("POST", path, {}).status for _ in range(2)] == [200, 200]
    redeems(one, told["link"], locale)
    expect(one.page.get_by_text(VOUCHER, exact=True)).to_be_visible()
    with Visitor(house[0], address()) as other:
        other.enter(told["link"])
        assert TEXTS[locale]["redeemed_heading"] in other.page
    until(lambda: burned(house, account_id) == HELD)
    assert one.complaints == []


@EITHER
def test_a_stopped_redemption_freezes_the_link(house, member, locale, window, script):
    one = member(locale=BROWSERS[locale], viewport=window, java_script_enabled=script)
    told = reward(house, STOPPED, locale)
    redeems(one, told["link"], locale)
    one.is_at("frozen_heading", locale)
    is_whole(one.page, locale)
    assert VOUCHER not in one.page.content()
    with house[0].client() as client:
        assert state_of(client, told["token_id"])["state"] == "frozen"
    assert one.complaints == []


def test_a_scanner_that_looks_at_everything_opens_nothing(house, member):
    """Whole browsers fetch the link, as mail scanners do, from many places: the member is asked for nothing."""
    told, before = reward(house, 0), openings(house)
    for _ in range(4):
        scanner = member().page
        scanner.goto(told["link"])
        scanner.goto(f"{PUBLIC}/redeem")
        scanner.goto(f"{PUBLIC}{urlsplit(told['link']).path}?again")
    assert openings(house) == before
    one = member()
    redeems(one, told["link"], "en")
    expect(one.page.get_by_text(VOUCHER, exact=True)).to_be_visible()
    assert openings(house) == before + 1
