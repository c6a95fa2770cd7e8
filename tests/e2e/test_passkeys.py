"""Passkeys in Chromium, whose virtual authenticator signs as a real one does: enrolled, used, and every way round it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

from app.pages.texts import TEXTS
from benchmarks.installation import PATIENCE_S, Installation, until
from tests.e2e.browser import CHROMIUM, PHONE
from tests.e2e.events import fresh
from tests.e2e.post_office import PostOffice
from tests.e2e.rewards import VOUCHER, Visitor, address, database, issued, number, programme, state_of
from tests.e2e.test_reward_link import is_sound

PUBLIC = "http://localhost:8000"
"""A secure context to Chromium, which is told where it really is."""
EN = TEXTS["en"]
AWAY = 503
expect.set_options(timeout=PATIENCE_S * 1_000)
House = tuple[Installation, PostOffice]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with programme(tmp_path_factory.mktemp("passkeys"), EARNEST_PUBLIC_URL=PUBLIC) as running:
        yield running


@pytest.fixture(scope="module")
def browser(house: House) -> Iterator[Browser]:
    """Chromium to which `localhost` and `evil.localhost` are the installation."""
    where = urlsplit(house[0].address).netloc
    rules = f"--host-resolver-rules=MAP localhost {where}, MAP evil.localhost {where}"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", rules])
        yield launched
        launched.close()


class Member(NamedTuple):
    """A browser with an authenticator of its own."""

    page: Page
    tools: CDPSession
    authenticator_id: str
    complaints: list[str]

    def credential(self) -> dict[str, Any]:
        """The only passkey the authenticator holds, its private key too."""
        held = self.tools.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator_id})
        (one,) = held["credentials"]
        return dict(one)

    def press(self, name: str, locale: str = "en") -> None:
        self.page.get_by_role("button", name=TEXTS[locale][name], exact=True).click()

    def is_at(self, heading: str, locale: str = "en") -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(TEXTS[locale][heading])

    def asked(self) -> dict[str, Any]:
        """What the page asks the browser."""
        told = self.page.locator("form[data-passkey]").get_attribute("data-asked")
        return dict(json.loads(told or ""))

    def send(self, answer: str) -> None:
        """An answer of whatever making, from the page's own form."""
        self.page.evaluate(
            "(answer) => { const form = document.querySelector('form[data-passkey]');"
            " form.elements.answer.value = answer; form.requestSubmit(); }",
            answer,
        )


GET = """async (asked) => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  asked.challenge = bytes(asked.challenge);
  asked.allowCredentials = asked.allowCredentials.map((one) => ({...one, id: bytes(one.id)}));
  return JSON.stringify((await navigator.credentials.get({publicKey: asked})).toJSON());
}"""
"""What any page's script can have the browser do."""


@pytest.fixture
def member(browser: Browser) -> Iterator[Callable[..., Member]]:
    """A function that gives somebody a browser; `verifies`: whether its authenticator knows its user."""
    contexts = []

    def new(*, verifies: bool = True, **options: Any) -> Member:
        headers = {"X-Forwarded-For": address()}
        context = browser.new_context(**({"locale": "en-GB"} | options), extra_http_headers=headers)
        contexts.append(context)
        page = context.new_page()
        complaints: list[str] = []
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.add_init_script(
            "addEventListener('securitypolicyviolation', e => { throw new Error(e.violatedDirective); })"
        )
        tools = context.new_cdp_session(page)
        tools.send("WebAuthn.enable")
        wanted = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": verifies,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        made = tools.send("WebAuthn.addVirtualAuthenticator", {"options": wanted})
        return Member(page, tools, made["authenticatorId"], complaints)

    yield new
    for context in contexts:
        context.close()


def link_for(house: House, account_id: str, **wish: Any) -> str:
    with house[0].client() as client:
        reply = client.ask("POST", f"/v1/accounts/{account_id}/passkey-links", wish)
    assert reply.status == 201, reply.body
    return str(reply.json["link"])


def enrol(house: House, one: Member, account_id: str) -> None:
    visit(one, link_for(house, account_id))
    one.press("enrol_make")
    one.is_at("enrol_made_heading")


def reward(house: House, account_id: str, **otp: Any) -> tuple[str, Callable[[], dict[str, Any]]]:
    """A reward that needs the passkey: its link, and how it stands."""
    with house[0].client() as client:
        told = issued(client, account_id=account_id, otp={"method": "passkey"} | otp)

    def state() -> dict[str, Any]:
        with house[0].client() as client:
            return state_of(client, told["token_id"])

    return told["link"], state


def open_reward(one: Member, link: str, locale: str = "en") -> None:
    visit(one, link)
    one.press("continue", locale)
    one.is_at("passkey_heading", locale)


def visit(one: Member, link: str) -> None:
    """Go there, and again while a store is busy with others."""

    def arrived() -> bool:
        told = one.page.goto(link)
        return told is not None and told.status != AWAY

    until(arrived)


def audited(house: House) -> list[str]:
    with database(house[0]) as connection:
        return [row[0] for row in connection.execute("SELECT event FROM audit ORDER BY seq")]


@pytest.mark.parametrize(("locale", "browser_locale"), [("en", "en-GB"), ("de", "de-DE")])
def test_a_passkey_is_enrolled_and_pays_out(house, member, locale, browser_locale):
    one, account_id = member(locale=browser_locale, viewport=PHONE), fresh()
    visit(one, link_for(house, account_id, locale=locale, label="Mira"))
    is_sound(one.page, locale)
    one.press("enrol_make", locale)
    one.is_at("enrol_made_heading", locale)
    is_sound(one.page, locale)
    assert one.credential()["userName"] == "Mira"
    with house[0].client() as client:
        told = issued(
            client,
            account_id=account_id,
            delivery={"channel": "none", "locale": locale},
            otp={"method": "passkey"},
        )
    open_reward(one, told["link"], locale)
    is_sound(one.page, locale)
    one.press("passkey_use", locale)
    expect(one.page.get_by_text(VOUCHER, exact=True)).to_be_visible()
    assert one.complaints == []
    with house[0].client() as client:
        assert state_of(client, told["token_id"])["state"] == "redeemed"
        (kept,) = client.get(f"/v1/accounts/{account_id}/authenticators").json["items"]
    assert (kept["kind"], kept["transports"], kept["last_used_at"] is not None) == (
        "passkey",
        ["internal"],
        True,
    )
    assert one.credential()["privateKey"] not in json.dumps(kept)


def test_looking_at_an_enrolment_link_uses_nothing_and_using_it_uses_it_up(house, member):
    account_id = fresh()
    link = link_for(house, account_id)
    path = urlsplit(link).path
    with Visitor(house[0], address()) as scanner:
        for method in ("GET", "HEAD", "OPTIONS", "GET"):
            assert scanner.ask(method, path).status == 200
    one, other = member(), member()
    visit(other, link)
    visit(one, link)
    one.press("enrol_make")
    one.is_at("enrol_made_heading")
    other.press("enrol_make")
    other.is_at("enrol_gone_heading")
    with Visitor(house[0], address()) as late:
        assert late.ask("GET", path).status == 410
        assert late.ask("GET", f"{path[:-4]}AAAA").status == 404
    with house[0].client() as client:
        assert len(client.get(f"/v1/accounts/{account_id}/authenticators").json["items"]) == 1


def test_an_authenticator_that_does_not_verify_its_user_proves_nothing(house, member):
    """The browser refuses by itself; and where a page asks it not to, the signature says so."""
    one, account_id = member(), fresh()
    visit(one, link_for(house, account_id))
    one.tools.send(
        "WebAuthn.setUserVerified", {"authenticatorId": one.authenticator_id, "isUserVerified": False}
    )
    one.press("enrol_make")
    expect(one.page.get_by_text(EN["passkey_stopped"])).to_be_visible()
    one.tools.send(
        "WebAuthn.setUserVerified", {"authenticatorId": one.authenticator_id, "isUserVerified": True}
    )
    one.press("enrol_make")
    one.is_at("enrol_made_heading")
    link, state = reward(house, account_id)
    open_reward(one, link)
    one.tools.send(
        "WebAuthn.setUserVerified", {"authenticatorId": one.authenticator_id, "isUserVerified": False}
    )
    one.send(one.page.evaluate(GET, one.asked() | {"userVerification": "discouraged"}))
    expect(one.page.get_by_role("alert")).to_contain_text(EN["wrong_passkey"])
    assert state()["attempts"] == 1


def test_what_was_signed_on_another_page_proves_nothing(house, member):
    """Another port is another origin, be it of the same host: what a page that looks like ours would get."""
    one, account_id = member(), fresh()
    enrol(house, one, account_id)
    link, state = reward(house, account_id)
    open_reward(one, link)
    asked = one.asked()
    here = one.page.url
    one.page.goto("http://localhost:8001/healthz")
    answer = one.page.evaluate(GET, asked)
    one.page.goto(here)
    one.send(answer)
    expect(one.page.get_by_role("alert")).to_contain_text(EN["wrong_passkey"])
    assert (state()["state"], state()["attempts"]) == ("issued", 1)
    one.press("passkey_use")
    expect(one.page.get_by_text(VOUCHER, exact=True)).to_be_visible()


def test_an_answer_is_good_for_one_challenge_only(house, member):
    one, account_id = member(), fresh()
    enrol(house, one, account_id)
    first, _ = reward(house, account_id)
    open_reward(one, first)
    answer = one.page.evaluate(GET, one.asked())
    one.send(answer)
    expect(one.page.get_by_text(VOUCHER, exact=True)).to_be_visible()
    second, state = reward(house, account_id)
    open_reward(one, second)
    one.send(answer)
    expect(one.page.get_by_role("alert")).to_contain_text(EN["wrong_passkey"])
    assert state()["state"] == "issued"


def test_a_copy_of_a_passkey_is_noticed_by_its_count(house, member):
    one, account_id = member(), fresh()
    enrol(house, one, account_id)
    copy = one.credential()
    for _ in range(2):
        link, _ = reward(house, account_id)
        open_reward(one, link)
        one.press("passkey_use")
        expect(one.page.get_by_text(VOUCHER, exact=True)).to_be_visible()
    thief = member()
    thief.tools.send(
        "WebAuthn.addCredential", {"authenticatorId": thief.authenticator_id, "credential": copy}
    )
    link, state = reward(house, account_id)
    open_reward(thief, link)
    thief.press("passkey_use")
    expect(thief.page.get_by_role("alert")).to_contain_text(EN["wrong_passkey"])
    assert state()["state"] == "issued"
    assert audited(house).count("passkey.count_went_back") == 1


def test_without_a_script_the_page_says_so_and_the_code_works(house):
    account_id, phone = fresh(), number()
    link, state = reward(house, account_id, fallback="sms", to=phone)
    with Visitor(house[0], address()) as visitor:
        assert visitor.enter(link).status == 200
        assert EN["ask_heading"] in visitor.page  # there is no passkey to ask for
        visitor.press("code")
        visitor.type(house[1].code_to(phone))
        assert VOUCHER in visitor.page
    assert state()["state"] == "redeemed"


def test_a_member_who_has_no_passkey_at_hand_takes_the_code(house, member):
    account_id, phone = fresh(), number()
    enrol(house, member(), account_id)
    link, _ = reward(house, account_id, fallback="sms", to=phone)
    without = member(java_script_enabled=False)
    open_reward(without, link)
    expect(without.page.get_by_text(EN["passkey_none"])).to_be_visible()
    assert phone not in without.page.content()
    without.press("send")
    without.page.get_by_label(EN["code_label"], exact=True).fill(house[1].code_to(phone))
    without.press("confirm")
    expect(without.page.get_by_text(VOUCHER, exact=True)).to_be_visible()


def test_a_backend_cannot_redeem_what_a_passkey_guards(house, member):
    account_id, phone = fresh(), number()
    enrol(house, member(), account_id)
    with house[0].client() as client:
        for otp, with_code in (({}, 409), ({"fallback": "sms", "to": phone}, 200)):
            text = issued(client, account_id=account_id, otp={"method": "passkey"} | otp)["link"].partition(
                "/r/"
            )[2]
            body = {"token": text, "account_id": account_id}
            ask = client.ask("POST", "/v1/tokens/redeem", body, **{"Idempotency-Key": fresh()})
            assert ask.status == 409
            assert "browser" in ask.json["detail"]
            sent = client.ask("POST", "/v1/tokens/challenge", body)
            assert sent.status == (202 if otp else 409)
            code = house[1].code_to(phone) if otp else "123456"
            redeemed = client.ask(
                "POST", "/v1/tokens/redeem", body | {"otp": code}, **{"Idempotency-Key": fresh()}
            )
            assert redeemed.status == with_code


def test_a_second_passkey_rests_and_a_forgotten_one_proves_nothing(house, member):
    account_id, one, second = fresh(), member(), member()
    enrol(house, one, account_id)
    visit(second, link_for(house, account_id))
    second.press("enrol_make")
    second.is_at("enrol_made_heading")
    assert "72" not in second.page.content()
    link, _ = reward(house, account_id)
    open_reward(second, link)
    assert [each["id"] for each in second.asked()["allowCredentials"]] == [
        url_safe(one.credential()["credentialId"])
    ]
    with house[0].client() as client:
        path = f"/v1/accounts/{account_id}/authenticators"
        first_id = client.get(path).json["items"][0]["authenticator_id"]
        assert client.ask("DELETE", f"{path}/{first_id}").status == 204
        assert client.ask("DELETE", f"{path}/{first_id}").status == 404
    open_reward(second, link)
    expect(second.page.get_by_role("alert")).to_be_visible()  # what is left rests


def url_safe(text: str) -> str:
    return text.replace("+", "-").replace("/", "_").rstrip("=")
