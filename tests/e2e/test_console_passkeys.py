"""Analysts' passkeys in Chromium: made on the profile, the second step of a sign-in, and every key that opens nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from app.console.access import WRONG_CODE
from benchmarks.installation import PATIENT, Installation
from tests.e2e.authenticators import chromium
from tests.e2e.test_console_access import PASSWORD, enrol_by_app, invited, is_sound
from tests.e2e.test_passkeys import GET, PUBLIC, Member, member, url_safe

__all__ = ["member"]
USED = "Use your passkey"
STILL = {"bypass_csp": True, "reduced_motion": "reduce"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("console-passkeys")
    with Installation(home, workers=1, EARNEST_PUBLIC_URL=PUBLIC, **PATIENT) as running:
        yield running


@pytest.fixture(scope="module")
def browser(house: Installation) -> Iterator[Browser]:
    with chromium(house) as launched:
        yield launched


class Analyst(NamedTuple):
    """Somebody with a browser that has an authenticator, and a sheet of recovery codes."""

    at: Member
    email: str
    codes: list[str]

    @property
    def page(self) -> Page:
        return self.at.page

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def add_passkey(self) -> None:
        """As far as the page on which the browser makes it."""
        self.page.goto(f"{PUBLIC}/console/profile")
        card = self.page.locator("section.card", has=self.page.get_by_role("heading", name="Passkeys"))
        card.get_by_label("Password").fill(PASSWORD)
        self.press("Add a passkey")
        self.page.get_by_label("Name for it").fill("work laptop")
        self.press("Make the passkey")

    def with_passkey(self) -> Analyst:
        self.add_passkey()
        expect(self.page.get_by_role("status").first).to_contain_text("The passkey is added")
        return self

    def begin(self, page: Page | None = None) -> None:
        """Without a session, the password given: at the second step."""
        there = self.page if page is None else page
        there.context.clear_cookies()
        there.goto(f"{PUBLIC}/console/sign-in")
        there.get_by_label("E-mail").fill(self.email)
        there.get_by_label("Password").fill(PASSWORD)
        there.get_by_role("button", name="Continue").click()
        expect(there.get_by_role("heading", level=1)).to_have_text("Second step")

    def verifies(self, *, known: bool) -> None:
        """Whether the authenticator knows its user from now on; one that does not makes the browser call off."""
        self.at.tools.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": self.at.authenticator_id, "isUserVerified": known},
        )

    def signs(self, **other: Any) -> str:
        """What the authenticator says to what the page asks, or to something else."""
        return str(self.page.evaluate(GET, self.at.asked() | other))

    def is_refused(self) -> None:
        expect(self.page.get_by_role("alert")).to_contain_text(WRONG_CODE)
        self.page.goto(f"{PUBLIC}/console/profile")
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Sign in")


def by_code(one: Analyst, page: Page, code: str) -> None:
    page.get_by_label("Code of your authenticator app").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("are left")


@pytest.fixture
def analyst(house: Installation, member: Callable[..., Member]) -> Callable[..., Analyst]:
    """A function that lets somebody in and enrols them with an app."""

    def let_in(name: str, **options: Any) -> Analyst:
        email, at = f"{name}@shop.example", member(**options)
        page = at.page
        page.goto(invited(house, email, "analyst").replace(house.address, PUBLIC))
        _, codes = enrol_by_app(page)
        return Analyst(at, email, codes)

    return let_in


def test_password_and_passkey_sign_in_on_sound_pages(analyst):
    one = analyst("ana", **STILL)
    one.page.goto(f"{PUBLIC}/console/profile")
    one.with_passkey()
    assert one.at.credential()["userName"] == one.email
    expect(one.page.get_by_role("cell", name="work laptop", exact=True)).to_be_visible()
    is_sound(one.page, "profile with a passkey")
    one.page.locator("details.me summary").click()
    one.press("Sign out")
    one.begin()
    is_sound(one.page, "second step with a passkey")
    one.press(USED)
    one.page.wait_for_url(f"{PUBLIC}/console/queue**")
    assert one.at.complaints == []


def test_a_browser_that_is_called_off_says_so_and_a_signature_by_nobody_in_particular_proves_nothing(analyst):
    one = analyst("bo", **STILL)
    one.verifies(known=False)
    one.add_passkey()
    expect(one.page.get_by_text("No passkey was made. Try again when you are ready.")).to_be_visible()
    one.verifies(known=True)
    one.press("Make the passkey")
    expect(one.page.get_by_role("status").first).to_contain_text("The passkey is added")
    one.begin()
    one.verifies(known=False)
    one.press(USED)
    expect(one.page.get_by_text("The passkey was not used. Try again, or type a code.")).to_be_visible()
    is_sound(one.page, "passkey not used")
    one.at.send(one.signs(userVerification="discouraged"))
    expect(one.page.get_by_role("alert")).to_contain_text(WRONG_CODE)
    one.verifies(known=True)
    one.at.send(one.signs())
    one.page.wait_for_url(f"{PUBLIC}/console/queue**")
    assert one.at.complaints == []


def test_another_users_key_proves_nothing_under_its_own_name_or_under_ours(analyst):
    """Dee knows Eve's password and has a passkey of her own."""
    dee, eve = analyst("dee").with_passkey(), analyst("eve").with_passkey()
    hers = url_safe(eve.at.credential()["credentialId"])
    of_dees = [{"id": url_safe(dee.at.credential()["credentialId"]), "type": "public-key"}]
    for named in (None, hers):
        thief = dee._replace(email=eve.email)
        thief.begin()
        answer = json.loads(thief.signs(allowCredentials=of_dees))
        if named is not None:
            answer["id"] = answer["rawId"] = named
        thief.at.send(json.dumps(answer))
        thief.is_refused()


def test_a_key_that_was_removed_meanwhile_signs_in_no_more(analyst, member):
    one, elsewhere = analyst("fay").with_passkey(), member().page
    one.begin()
    one.begin(elsewhere)
    by_code(one, elsewhere, one.codes[0])
    elsewhere.goto(f"{PUBLIC}/console/profile")
    elsewhere.get_by_role("button", name="Remove work laptop").click()
    expect(elsewhere.get_by_role("status").first).to_contain_text("The passkey is removed")
    one.press(USED)
    expect(one.page.get_by_role("alert")).to_contain_text(WRONG_CODE)
    expect(one.page.get_by_role("button", name=USED)).to_have_count(0)
    by_code(one, one.page, one.codes[1])
