"""The console in Chromium: let in by a link, in by a second factor, out when idle; and every way that is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import Page, expect
from pyotp import TOTP
from sqlalchemy import text

from app.cli import main
from app.store.sql import open_engine
from app.users.limits import IDLE_MS, TRIES_BEFORE_WAITING
from benchmarks.installation import PATIENCE_S, PATIENT, Installation
from tests.e2e.browser import PHONE, Open
from tests.e2e.rewards import address

PASSWORD = "correct horse battery staple"
DESK = {"width": 1280, "height": 800}
SERIOUS = {"serious", "critical"}
expect.set_options(timeout=PATIENCE_S * 1_000)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("console"), workers=1, **PATIENT) as running:
        yield running


class Enrolled(NamedTuple):
    """Somebody with a window that is signed in."""

    page: Page
    email: str
    key: str
    codes: list[str]


@pytest.fixture
def enrol(house: Installation, opened: Open):
    """A function that lets somebody in by the command, and enrols them in a window of their own."""

    def let_in(email: str, role: str, **options: Any) -> Enrolled:
        link = invited(house, email, role)
        page = opened(address(), **options).page
        page.goto(link)
        key, codes = enrol_by_app(page)
        return Enrolled(page, email, key, codes)

    return let_in


def enrol_by_app(page: Page) -> tuple[str, list[str]]:
    """Finish an enrolment whose link is opened: the app's key, and the recovery codes."""
    page.locator("summary").click()
    key = page.locator("details code").nth(1).inner_text()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_label("Code the app shows").fill(TOTP(key).now())
    page.get_by_role("button", name="Finish and sign in").click()
    codes = page.locator("#codes li").all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()
    return key, codes


def invited(house: Installation, email: str, role: str) -> str:
    """What the command prints, beside the running server."""
    told = CliRunner().invoke(main, ["users", "create", email, "--role", role, "--data", str(house.data_dir)])
    assert told.exit_code == 0, told.output
    link = re.search(r"/console/enrol/\S+", told.stdout)
    assert link is not None
    return house.address + link.group()


@contextmanager
def the_record(house: Installation) -> Iterator[Any]:
    """The database, to let time pass in it."""
    engine = open_engine(house.record_url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def sign_in(house: Installation, page: Page, email: str, password: str = PASSWORD) -> None:
    page.goto(f"{house.address}/console/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Continue").click()


def second_step(page: Page, code: str) -> None:
    page.get_by_label("Code of your authenticator app").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def is_sound(page: Page, where: str) -> None:
    """No serious finding in either theme at either width, and nothing wider than the screen."""
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        for size in (DESK, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            found = [one["id"] for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS]
            assert found == [], (where, theme, size)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (where, theme, size)
    page.set_viewport_size(DESK)  # type: ignore[arg-type]


def test_a_link_lets_in_once_and_the_app_signs_in_once_a_code(house, enrol, opened):
    ana = enrol("ana@shop.example", "analyst")
    expect(ana.page.get_by_role("heading", level=1)).to_be_visible()
    other = opened(address())
    sign_in(house, other.page, "ANA@shop.example ")
    second_step(other.page, TOTP(ana.key).now())  # the code that enrolled
    expect(other.page.get_by_role("alert")).to_contain_text("used before")
    second_step(other.page, ana.codes[0])
    expect(other.page.get_by_role("status")).to_contain_text("9 are left")
    third = opened(address()).page
    sign_in(house, third, ana.email)
    second_step(third, ana.codes[0])
    expect(third.get_by_role("alert")).to_contain_text("used before")
    assert other.complaints == []


def test_wrong_passwords_have_to_wait_whether_or_not_there_is_such_an_account(house, enrol, opened):
    bo = enrol("bo@shop.example", "viewer")
    for email in ("bo@shop.example", "nobody@shop.example"):
        page = opened(address()).page
        told = []
        for _ in range(TRIES_BEFORE_WAITING + 1):
            sign_in(house, page, email, "not the password")
            told.append(page.get_by_role("alert").inner_text())
        assert set(told[:-1]) == {"E-mail, password or both are not right."}
        assert "Too many tries" in told[-1]
        sign_in(house, page, email)  # and the right one has to wait as well
        expect(page.get_by_role("alert")).to_contain_text("Too many tries")
    sign_in(house, bo.page, bo.email)  # but not where Bo signed in before
    second_step(bo.page, bo.codes[0])
    expect(bo.page.get_by_role("status")).to_contain_text("9 are left")


def test_what_was_typed_outlives_an_idle_session(house, enrol):
    cy = enrol("cy@shop.example", "security_admin")
    cy.page.goto(f"{house.address}/console/people/new")
    cy.page.get_by_label("E-mail").fill("dee@shop.example")
    cy.page.get_by_role("textbox", name="Programmes").fill("default")
    with the_record(house) as connection:
        connection.execute(text("UPDATE user_sessions SET seen_ms = seen_ms - :ms"), {"ms": IDLE_MS})
    cy.page.get_by_role("button", name="Make an enrolment link").click()
    expect(cy.page.get_by_text("What you typed is kept")).to_be_visible()
    cy.page.get_by_label("E-mail").fill(cy.email)
    cy.page.get_by_label("Password").fill(PASSWORD)
    cy.page.get_by_role("button", name="Continue").click()
    second_step(cy.page, cy.codes[1])
    expect(cy.page.get_by_label("Email")).to_have_value("dee@shop.example")
    expect(cy.page.get_by_label("Programs")).to_have_value("default")
    cy.page.get_by_role("button", name="Send it now").click()
    expect(cy.page.locator("#link")).to_contain_text("/console/enrol/")


def test_a_role_that_changes_ends_the_session_and_the_rights_with_it(house, enrol):
    admin, eve = enrol("fay@shop.example", "security_admin"), enrol("eve@shop.example", "security_admin")
    admin.page.goto(f"{house.address}/console/people")
    admin.page.get_by_role("link", name=eve.email).click()
    admin.page.get_by_label("Analyst").check()
    admin.page.get_by_role("button", name="Change", exact=True).click()
    expect(admin.page.get_by_role("status")).to_contain_text("is analyst now")
    eve.page.goto(f"{house.address}/console/people")
    expect(eve.page).to_have_url(re.compile(r"/console/sign-in\?next=/console/people$"))
    sign_in(house, eve.page, eve.email)
    second_step(eve.page, eve.codes[0])
    assert eve.page.goto(f"{house.address}/console/people").status == 403
    reply = eve.page.request.post(f"{house.address}/console/people", form={"email": "x@shop.example"})
    assert reply.status == 403


def test_a_senior_is_told_and_stops_it_or_a_second_admin_goes_ahead(house, enrol):
    still = {"bypass_csp": True, "reduced_motion": "reduce"}
    one, two = (enrol(f"{name}@shop.example", "security_admin", **still) for name in ("lea", "mo"))
    sue = enrol("sue@shop.example", "senior", **still)

    def asks_for_a_link() -> None:
        one.page.goto(f"{house.address}/console/people")
        one.page.get_by_role("link", name=sue.email).click()
        one.page.get_by_label("I know who is asking").check()
        one.page.get_by_role("button", name="Make a new enrolment link").click()
        expect(one.page.get_by_role("status")).to_contain_text("Another security admin has to go ahead")
        expect(one.page.get_by_role("button", name="Go ahead")).to_have_count(0)

    asks_for_a_link()
    is_sound(one.page, "asked")
    sue.page.goto(f"{house.address}/console/queue")
    sue.page.get_by_role("link", name="See what, and stop it").click()
    expect(sue.page.get_by_text("lea", exact=True)).to_be_visible()
    is_sound(sue.page, "asked for me")
    sue.page.get_by_role("button", name="Stop it").click()
    expect(sue.page.get_by_role("status")).to_contain_text("nothing has changed")
    asks_for_a_link()
    two.page.goto(f"{house.address}/console/people")
    expect(two.page.get_by_text("waits for a second person")).to_be_visible()
    two.page.get_by_role("link", name=sue.email).click()
    two.page.get_by_role("button", name="Go ahead").click()
    expect(two.page.locator("#link")).to_contain_text("/console/enrol/")
    sue.page.goto(f"{house.address}/console/queue")
    expect(sue.page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_form_of_another_site_does_nothing(house, enrol):
    gil = enrol("gil@shop.example", "security_admin")
    token = gil.page.locator("input[name=form_token]").first.get_attribute("value")
    form = {"form_token": token, "email": "stranger@shop.example", "role": "viewer"}
    where = f"{house.address}/console/people"
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert gil.page.request.post(where, form=form, headers=headers).status == 403
    assert gil.page.request.post(where, form=form | {"form_token": "made-up"}).status == 403
    gil.page.goto(where)
    expect(gil.page.get_by_text("stranger@shop.example")).to_have_count(0)


def test_the_demos_links_do_not_exist_in_production_and_work_once_elsewhere(house, opened):
    page = opened(address()).page
    page.goto(f"{house.address}/console/enter/made-up")
    page.get_by_role("button", name="Look around").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This link works no more")


def test_the_theme_is_remembered_and_keys_are_commands(house, enrol):
    hal = enrol("hal@shop.example", "security_admin")
    hal.page.locator("details.me summary").click()
    hal.page.get_by_role("button", name="Dark").click()
    hal.page.goto(f"{house.address}/console/profile")
    expect(hal.page.locator("html")).to_have_attribute("data-theme", "dark")
    hal.page.keyboard.press("?")
    expect(hal.page.get_by_role("dialog")).to_be_visible()
    hal.page.keyboard.press("Escape")
    hal.page.keyboard.press("g")
    hal.page.keyboard.press("u")
    expect(hal.page).to_have_url(re.compile("/console/people$"))
    hal.page.keyboard.press("j")
    expect(hal.page.locator("tbody tr a").first).to_be_focused()


def test_it_works_without_scripts(house, enrol):
    ida = enrol("ida@shop.example", "security_admin", java_script_enabled=False)
    ida.page.goto(f"{house.address}/console/people")
    expect(ida.page.get_by_role("link", name=ida.email)).to_be_visible()
    ida.page.locator("details.me summary").click()
    ida.page.get_by_role("button", name="Sign out").click()
    expect(ida.page.get_by_role("heading", level=1)).to_have_text("Sign in")
    ida.page.goto(f"{house.address}/console/people")
    expect(ida.page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_every_page_is_sound_in_both_themes_and_widths(house, enrol, opened):
    outside = opened(address(), bypass_csp=True, reduced_motion="reduce").page
    outside.goto(f"{house.address}/console")
    is_sound(outside, "sign-in")
    outside.goto(invited(house, "kim@shop.example", "viewer"))
    is_sound(outside, "enrolment")
    jo = enrol("jo@shop.example", "security_admin", bypass_csp=True, reduced_motion="reduce")
    sign_in(house, outside, jo.email)
    is_sound(outside, "second step")
    for path in ("profile", "people", "people/new", "nowhere", "queue"):
        jo.page.goto(f"{house.address}/console/{path}")
        is_sound(jo.page, path)
    jo.page.goto(f"{house.address}/console/people")
    jo.page.get_by_role("link", name="kim@shop.example").click()
    is_sound(jo.page, "person")
    jo.page.get_by_label("I know who is asking").check()
    jo.page.get_by_role("button", name="Make a new enrolment link").click()
    is_sound(jo.page, "link")
