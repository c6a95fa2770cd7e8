"""The way of a member, in Chromium, from the mail that arrived to the receipt."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from app.pages.texts import TEXTS
from tests.e2e.browser import PHONE
from tests.e2e.events import fresh
from tests.e2e.post_office import part_of
from tests.e2e.rewards import VOUCHER, address, issued, number, programme, state_of, token_of

WIDE = {"width": 1280, "height": 800}
BROWSERS = {"en": "en-GB", "de": "de-DE"}
FEWEST_PIXELS = 44
"""Of whatever is pressed, either way (WCAG 2.2, 2.5.5)."""
MOST_TABS = 20

SOUND = """(fewest) => {
  const all = (what) => [...document.querySelectorAll(what)];
  const faults = [];
  const must = (true_, what) => { if (!true_) faults.push(what); };
  for (const [what, n] of [["main", 1], ["h1", 1], ["body > header", 1], ["body > footer", 1]])
    must(all(what).length === n, `${n} of ${what}`);
  must(document.querySelector("a").getAttribute("href") === "#content", "the first link leads to the content");
  must(document.getElementById("content").tagName === "MAIN", "which is the main part");
  must(document.title.includes("Kaffeehaus Lindner"), "the title tells whose page it is");
  const ids = all("[id]").map((one) => one.id);
  must(new Set(ids).size === ids.length, "every id is one element's");
  for (const name of ["aria-describedby", "aria-labelledby"])
    all(`[${name}]`).forEach((one) => one.getAttribute(name).trim().split(/\\s+/).forEach(
      (id) => must(ids.includes(id), `${name} ${id}`)));
  all("input:not([type=hidden])").forEach((one) => must(one.labels.length === 1, `a label of ${one.name}`));
  all("svg").forEach((one) => must(one.getAttribute("aria-hidden") === "true", "pictures say nothing"));
  all("button, .button, input:not([type=hidden])").filter((one) => one.checkVisibility()).forEach((one) => {
    const box = one.getBoundingClientRect();
    must(box.height >= fewest && box.width >= fewest, `${one.textContent} is large enough to press`);
  });
  all("button").forEach((one) => must(one.textContent.trim(), "every button has a name"));
  must(document.documentElement.scrollWidth <= innerWidth, "nothing reaches out to the side");
  return faults;
}"""


@pytest.fixture(scope="module")
def by_fragment(tmp_path_factory):
    """A programme whose links carry the token where no server sees it."""
    with programme(tmp_path_factory.mktemp("fragment"), EARNEST_LINK_FORM="fragment") as running:
        yield running


def mailed(house, locale="en"):
    """A token whose link was mailed: the link, the member's telephone, and a function that tells its state."""
    running, office = house
    to, phone = f"{fresh()}@mail.example", number()
    with running.client() as client:
        told = issued(
            client,
            delivery={"channel": "email", "to": to, "locale": locale},
            otp={"method": "sms", "to": phone},
        )
    assert "link" not in told

    def state():
        with running.client() as client:
            return state_of(client, told["token_id"])

    return office.link_to(to), phone, state


def press(page: Page, name: str, locale: str) -> None:
    """A button that leads on, and the page it leads to."""
    with page.expect_event("load"):
        page.get_by_role("button", name=TEXTS[locale][name], exact=True).click()


def is_sound(page: Page, locale: str) -> None:
    """In the member's language, with landmarks, names and labels, and no wider than the window."""
    assert page.locator("html").get_attribute("lang") == locale
    assert page.evaluate(SOUND, FEWEST_PIXELS) == []


def other_code(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


def walk(page: Page, house, link: str, phone: str, locale: str) -> None:
    """From the link to the reward, by way of a wrong code."""
    page.goto(link)
    is_sound(page, locale)
    press(page, "continue", locale)
    is_sound(page, locale)
    assert phone not in page.content()
    press(page, "send", locale)
    is_sound(page, locale)
    field = page.get_by_label(TEXTS[locale]["code_label"], exact=True)
    assert field.get_attribute("autocomplete") == "one-time-code"
    assert field.get_attribute("inputmode") == "numeric"
    code = house[1].code_to(phone)
    field.fill(other_code(code))
    press(page, "confirm", locale)
    is_sound(page, locale)
    assert TEXTS[locale]["wrong_code"] in page.get_by_role("alert").inner_text()
    assert field.get_attribute("aria-invalid") == "true"
    assert VOUCHER not in page.content()
    field.fill(code)
    press(page, "confirm", locale)
    is_sound(page, locale)
    assert page.get_by_text(VOUCHER, exact=True).is_visible()


def note_and_leave(page: Page, locale: str) -> None:
    """Once it is noted: the receipt, and the content is nowhere, not even behind the back button."""
    press(page, "noted", locale)
    is_sound(page, locale)
    assert page.get_by_role("heading", level=1).inner_text() == TEXTS[locale]["receipt_heading"]
    assert "rdm_" in page.content()
    page.go_back()
    assert VOUCHER not in page.content()
    page.goto(page.url)
    assert VOUCHER not in page.content()


@pytest.mark.parametrize(
    ("locale", "window", "script"),
    [("en", WIDE, True), ("de", PHONE, False)],
    ids=["English, wide", "German, on a phone, without a script"],
)
def test_from_the_mail_to_the_receipt(lindner, opened, locale, window, script):
    """The reward is seen once, the link says so afterwards, and nothing but our own host is asked for anything."""
    link, phone, state = mailed(lindner, locale)
    seen = opened(address(), locale=BROWSERS[locale], viewport=window, java_script_enabled=script)
    walk(seen.page, lindner, link, phone, locale)
    assert state()["state"] == "redeemed"
    note_and_leave(seen.page, locale)
    seen.page.goto(link)
    press(seen.page, "continue", locale)
    assert seen.page.get_by_role("heading", level=1).inner_text() == TEXTS[locale]["redeemed_heading"]
    seen.nothing_is_wrong()


def test_a_mail_holds_one_link_and_no_secret_beside_it(lindner):
    """No code, no content, no amount in its subject; in both parts the link is all there is to follow."""
    running, office = lindner
    to, phone = f"{fresh()}@mail.example", number()
    with running.client() as client:
        issued(client, delivery={"channel": "email", "to": to}, otp={"method": "sms", "to": phone})
    mail = office.mail_to(to)
    assert office.link_to(to).startswith(running.address)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "10" not in mail["Subject"]
    for kind in ("plain", "html"):
        text = part_of(mail, kind)
        assert VOUCHER not in text
        assert phone not in text
        assert {word for word in text.split('"') if word.startswith("http")} <= {office.link_to(to)}
        assert "<img" not in text


def test_a_fragment_never_leaves_the_browser(by_fragment, opened):
    """It goes from the address bar into memory, from there into one form, and into no address that is asked for."""
    locale = "de"
    link, phone, _ = mailed(by_fragment, locale)
    token = token_of(link)
    assert link.endswith(f"/r#{token}")
    seen = opened(address(), locale=BROWSERS[locale], viewport=PHONE)
    seen.page.goto(link)
    seen.page.wait_for_function("location.hash === ''")
    assert token not in seen.page.url
    assert token not in seen.page.content()
    for other in ("en", "de"):  # it survives the change of the language
        seen.page.locator("[data-language]").click()
        expect(seen.page.locator("html")).to_have_attribute("lang", other)
        assert token not in seen.page.url
    press(seen.page, "continue", locale)
    assert token not in seen.page.url
    walk_on(seen.page, by_fragment, phone, locale)
    note_and_leave(seen.page, locale)
    seen.nothing_is_wrong(token)


def walk_on(page: Page, house, phone: str, locale: str) -> None:
    press(page, "send", locale)
    page.get_by_label(TEXTS[locale]["code_label"], exact=True).fill(house[1].code_to(phone))
    press(page, "confirm", locale)
    assert page.get_by_text(VOUCHER, exact=True).is_visible()


def test_without_a_script_the_link_of_a_fragment_is_pasted(by_fragment, opened):
    link, phone, _ = mailed(by_fragment)
    seen = opened(address(), java_script_enabled=False)
    seen.page.goto(link)
    is_sound(seen.page, "en")
    seen.page.get_by_label(TEXTS["en"]["paste_label"]).fill(link)
    press(seen.page, "continue", "en")
    walk_on(seen.page, by_fragment, phone, "en")
    note_and_leave(seen.page, "en")


def tab_to(page: Page, selector: str) -> None:
    """By the Tab key alone, with a focus that can be seen."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("(it) => document.activeElement.matches(it)", selector):
            shown = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
            assert shown != "none"
            return
    raise AssertionError(f"{selector} is not reached")


def test_a_keyboard_is_enough(lindner, opened):
    """Tab, Enter and digits; after a wrong code the focus is at what went wrong, one Tab before its link."""
    link, phone, state = mailed(lindner)
    page = opened(address()).page
    page.goto(link)
    for heading in ("ask_heading", "type_heading"):
        tab_to(page, "button.primary")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(TEXTS["en"][heading])
    code = lindner[1].code_to(phone)
    tab_to(page, "#code")
    page.keyboard.type(other_code(code))
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    expect(page.get_by_text(VOUCHER, exact=True)).to_be_visible()
    tab_to(page, "button.primary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(TEXTS["en"]["receipt_heading"])
    assert state()["state"] == "redeemed"


def test_the_copy_button_copies_the_voucher_and_says_so(lindner, opened):
    link, phone, _ = mailed(lindner)
    page = opened(address(), permissions=["clipboard-read", "clipboard-write"]).page
    page.goto(link)
    press(page, "continue", "en")
    walk_on(page, lindner, phone, "en")
    page.get_by_role("button", name="Copy: Voucher code").click()
    expect(page.get_by_role("status")).to_have_text(TEXTS["en"]["copied"])
    assert page.evaluate("() => navigator.clipboard.readText()") == VOUCHER
    page.reload()
    assert page.get_by_text(VOUCHER, exact=True).is_visible(), (
        "for ten minutes a reload costs nobody the reward"
    )
