"""A challenged member on the hosted page, in Chromium: sent there by a shop, proven, and back at the shop."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from app.pages.texts import TEXTS
from benchmarks.installation import PATIENCE_S
from tests.e2e.authenticators import chromium, let_passkeys_age
from tests.e2e.browser import PHONE
from tests.e2e.challenging import SHOP, action, challenged, joined, standing
from tests.e2e.rewards import POLICY, Visitor, address, database, number, programme
from tests.e2e.test_passkeys import GET, House, Member, enrol, member
from tests.e2e.test_reward_link import WIDE, is_sound, other_code

__all__ = ["member"]
PUBLIC: Final = "http://localhost:8000"
EN = TEXTS["en"]
ASKING: Final = f"""{POLICY}
[step_up]
return_urls = ["{SHOP}"]
passkey_points = 5000
[[rules]]
code = "ASK"
when = "event.points >= 100"
applies_to = ["redeem"]
effect = "challenge"
message = "always asked"
"""
expect.set_options(timeout=PATIENCE_S * 1_000)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with programme(tmp_path_factory.mktemp("checks"), EARNEST_PUBLIC_URL=PUBLIC, policy=ASKING) as running:
        yield running


@pytest.fixture(scope="module")
def browser(house: House) -> Iterator[Browser]:
    with chromium(house[0]) as launched:
        yield launched


@pytest.fixture
def asked(house: House) -> Callable[..., tuple[dict[str, Any], str, str]]:
    """A function that challenges a new member: the decision, the address of the page, the telephone."""

    def ask(points: int = 500, account_id: str | None = None) -> tuple[dict[str, Any], str, str]:
        phone = number()
        with house[0].client() as client:
            decision = challenged(client, joined(client, phone, account_id), points)
        return decision, f"{action(decision)['url']}?return_to={quote(SHOP + 'done?cart=7', safe='')}", phone

    return ask


def shop(page: Page) -> None:
    """Whatever is asked of the shop is answered."""
    page.context.route("https://shop.example/**", lambda route: route.fulfill(body="Welcome back"))


def is_back(page: Page, decision: dict[str, Any], status: str) -> None:
    page.wait_for_url(f"{SHOP}done**")
    said = parse_qs(urlsplit(page.url).query)
    assert said == {"cart": ["7"], "challenge_id": [action(decision)["challenge_id"]], "status": [status]}


def verdict(house: House, decision: dict[str, Any]) -> tuple[str, str]:
    with house[0].client() as client:
        told = standing(client, decision)
    return told["decision"], told["challenge"]["status"]


@pytest.mark.parametrize(
    ("locale", "window", "script"),
    [("en", WIDE, True), ("de", PHONE, False)],
    ids=["English, wide", "German, on a phone, without a script"],
)
def test_from_the_shop_to_the_code_and_back(house, member, asked, locale, window, script):
    one = member(locale={"en": "en-GB", "de": "de-DE"}[locale], viewport=window, java_script_enabled=script)
    page, (decision, url, phone) = one.page, asked()
    shop(page)
    page.goto(url)
    is_whole(page, locale)
    assert phone[-2:] not in page.get_by_role("main").inner_text()
    one.press("continue", locale)
    one.is_at("check_prove_heading", locale)
    is_whole(page, locale)
    assert "500" in page.get_by_role("main").inner_text()
    assert phone not in page.content()
    page.get_by_role("button", name=phone[-2:]).click()
    one.is_at("type_heading", locale)
    is_whole(page, locale)
    code = house[1].code_to(phone)
    field = page.get_by_label(TEXTS[locale]["code_label"], exact=True)
    field.fill(other_code(code))
    one.press("code_confirm", locale)
    expect(page.get_by_role("alert")).to_contain_text(TEXTS[locale]["wrong_code"])
    is_whole(page, locale)
    field.fill(code)
    one.press("code_confirm", locale)
    is_back(page, decision, "passed")
    assert verdict(house, decision) == ("allow", "passed")
    assert one.complaints == []
    page.goto(url)
    one.press("continue", locale)
    is_back(page, decision, "passed")


def is_whole(page: Page, locale: str) -> None:
    """Loaded, and sound."""
    page.wait_for_load_state()
    is_sound(page, locale)


def test_with_a_passkey_from_the_shop_and_back(house, member, asked):
    """Above the policy's points nothing else is offered to whoever has one."""
    one, account_id = member(), f"m-{number()[1:]}"
    enrol(house, one, account_id)
    let_passkeys_age(house[0])
    decision, url, _ = asked(6_000, account_id)
    shop(one.page)
    one.page.goto(url)
    one.press("continue")
    one.is_at("check_prove_heading")
    assert one.page.get_by_role("main").get_by_role("button").count() == 1
    one.press("way_passkey")
    one.is_at("passkey_heading")
    is_sound(one.page, "en")
    one.press("passkey_use")
    is_back(one.page, decision, "passed")
    assert verdict(house, decision) == ("allow", "passed")
    with house[0].client() as client:
        assert standing(client, decision)["challenge"]["method"] == "passkey"


def test_a_passkey_of_another_page_or_of_another_member_proves_nothing_and_is_felt(house, member, asked):
    one, account_id = member(), f"m-{number()[1:]}"
    enrol(house, one, account_id)
    thief, other_id = member(), f"m-{number()[1:]}"
    enrol(house, thief, other_id)
    let_passkeys_age(house[0])
    decision, url, _ = asked(6_000, account_id)
    at_passkey(one, url)
    theirs = asked(6_000, other_id)
    at_passkey(thief, theirs[1])
    answer = thief.page.evaluate(GET, thief.asked())
    one.send(answer)
    expect(one.page.get_by_role("alert")).to_contain_text(EN["wrong_passkey"])
    question, here = one.asked(), one.page.url
    one.page.goto("http://localhost:8001/healthz")
    elsewhere = one.page.evaluate(GET, question)
    one.page.goto(here)
    one.send(elsewhere)
    expect(one.page.get_by_role("alert")).to_contain_text(EN["wrong_passkey"])
    assert verdict(house, decision) == ("challenge", "open")
    house[0].settle()
    with database(house[0]) as connection:
        query = "SELECT count(*) FROM decisions WHERE account_id = ? AND type = 'login_failed'"
        assert connection.execute(query, (account_id,)).fetchone() == (2,)


def test_a_backend_passes_a_challenge_with_what_its_own_page_had_signed(house, member, asked):
    """By the API, from a page of the same origin: asked, signed in the browser, verified."""
    one, account_id = member(), f"m-{number()[1:]}"
    enrol(house, one, account_id)
    let_passkeys_age(house[0])
    decision, _, _ = asked(6_000, account_id)
    path = f"/v1/challenges/{action(decision)['challenge_id']}"
    one.page.goto(f"{PUBLIC}/c/any")  # a page of that origin which may use passkeys
    with house[0].client() as client:
        sent = client.ask("POST", f"{path}/send", {"method": "passkey"})
        assert (sent.status, set(sent.json)) == (202, {"expires_at", "options"})
        answer = json.loads(one.page.evaluate(GET, sent.json["options"]))
        verified = client.ask("POST", f"{path}/verify", {"assertion": answer})
    assert verified.json == {"status": "passed", "decision": "allow"}
    assert verdict(house, decision) == ("allow", "passed")


def at_passkey(one: Member, url: str) -> None:
    one.page.goto(url)
    one.press("continue")
    one.press("way_passkey")
    one.is_at("passkey_heading")


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/", "//evil.example", "https://shop.example.evil.example/points/",
     "https://shop.example/points/../admin", "javascript:alert(1)", "/redeem/../outbox", "https://shop.example/other"],
)  # fmt: skip
def test_an_address_outside_the_list_is_refused_and_never_followed(house, asked, back):
    decision, url, phone = asked()
    path = urlsplit(url).path
    with Visitor(house[0], address()) as visitor:
        reply = visitor.ask("POST", f"{path}?return_to={quote(back, safe='')}", {})
        assert reply.status == 400
        assert EN["check_foreign_heading"] in visitor.page
        assert f'href="{back}"' not in visitor.page
        assert "refresh" not in visitor.page
        assert visitor.cookie == ""
    assert verdict(house, decision) == ("challenge", "open")
    assert phone not in visitor.page


def test_our_own_reward_page_is_a_way_back(house, asked):
    _, url, phone = asked()
    with Visitor(house[0], address()) as visitor:
        entered(visitor, f"{urlsplit(url).path}?return_to=/redeem")
        press(visitor, "way", by="sms_otp")
        press(visitor, "verify", by="sms_otp", code=house[1].code_to(phone))
        assert 'content="0;url=/redeem?challenge_id=chl_' in visitor.page


def entered(visitor: Visitor, path: str) -> None:
    assert visitor.ask("POST", path, {}).status == 303
    assert visitor.ask("GET", "/check").status == 200


def press(visitor: Visitor, gesture: str, **fields: str) -> int:
    reply = visitor.ask("POST", f"/check/{gesture}", visitor.hidden | fields)
    if reply.status == 303:
        by = {name.lower(): value for name, value in reply.headers.items()}["location"]
        return visitor.ask("GET", by).status
    return reply.status


TABLES = ("otp_subjects", "otp_challenges", "otp_counts", "outbox", "audit", "step_ups")


def test_looking_changes_nothing_and_says_nothing_of_the_challenge(house, asked):
    """The same bytes whatever the id, to every method; no row of any table is touched."""
    _, url, _ = asked()
    path = urlsplit(url).path

    def rows():
        with database(house[0]) as connection:
            return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}  # noqa: S608

    before = rows()
    for method, status in (("GET", 200), ("HEAD", 200), ("OPTIONS", 200), ("PUT", 405), ("DELETE", 405)):
        with Visitor(house[0], address()) as scanner:
            told = [
                scanner.ask(method, where)
                for where in (path, f"/c/chl_{'0' * 33}", "/c/x", "/c/", path + "/..")
            ]
        assert {(reply.status, reply.body) for reply in told} == {(status, told[0].body)}
    assert rows() == before


def test_a_scanner_with_a_whole_browser_passes_nothing(house, asked, member):
    """It follows every link and presses every first button: at most a text message goes out, to the member."""
    decision, url, phone = asked()
    page = member().page
    shop(page)
    page.goto(url)
    for _ in range(4):
        buttons = page.get_by_role("main").get_by_role("button")
        if buttons.count() == 0:
            break
        buttons.first.click()
        page.wait_for_load_state()
    assert verdict(house, decision) == ("challenge", "open")
    assert len(house[1].codes_to(phone)) <= 1


def test_another_browser_has_neither_the_visit_nor_the_code(house, asked):
    decision, url, phone = asked()
    path = urlsplit(url).path
    with Visitor(house[0], address()) as mine, Visitor(house[0], address()) as thief:
        entered(mine, path)
        press(mine, "way", by="sms_otp")
        code = house[1].code_to(phone)
        assert thief.ask("GET", "/check").status == 410
        entered(thief, path)
        assert press(thief, "verify", by="sms_otp", code=code) == 401
        thief.hidden = mine.hidden  # a form of another's page
        assert press(thief, "verify", by="sms_otp", code=code) == 403
        assert verdict(house, decision) == ("challenge", "open")
        assert press(mine, "verify", by="sms_otp", code=code) == 200
    assert verdict(house, decision) == ("allow", "passed")


def test_a_challenge_that_is_none_or_over_says_so(house, asked):
    with Visitor(house[0], address()) as visitor:
        for name in ("chl_" + "0" * 33, "nonsense", "dec_" + "0" * 33):
            assert visitor.ask("POST", f"/c/{name}", {}).status == 404
        assert EN["check_unknown_heading"] in visitor.page
        decision, url, _ = asked()
        with house[0].client() as client:
            path = f"/v1/decisions/{decision['decision_id']}/outcome"
            assert client.ask("POST", path, {"outcome": "cancelled"}).status == 200
            standing(client, decision)
        entered_to = visitor.ask("POST", urlsplit(url).path, {})
        assert entered_to.status == 303
        assert visitor.ask("GET", "/check").status == 409
        assert EN["check_settled_heading"] in visitor.page


def test_too_many_wrong_codes_end_it(house, asked):
    """Ten for life over all browsers and codes; then the page says that it is over."""
    decision, url, phone = asked()
    path = urlsplit(url).path
    wrong = "000000"
    for _ in range(2):
        with Visitor(house[0], address()) as visitor:
            entered(visitor, path)
            press(visitor, "way", by="sms_otp")
            for _ in range(5):
                with database(house[0]) as connection:
                    connection.execute("UPDATE otp_challenges SET next_try_ms = 0")
                status = press(visitor, "verify", by="sms_otp", code=wrong)
            with database(house[0]) as connection:
                connection.execute("UPDATE otp_subjects SET last_sent_ms = last_sent_ms - 400000")
    assert status == 423
    assert EN["check_spent_heading"] in visitor.page
    assert "Location" not in visitor.page
    assert verdict(house, decision) == ("challenge", "open")
    assert phone not in visitor.page
