"""The playbook in a real browser: readable by everybody, in both themes and at both widths."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from app.console import playbook, practice
from app.console.frame import Console, Room
from app.console.sealing import Sealing
from app.playbook.cases import answers, cases
from app.seal import Seal
from detectors.policy import DEFAULT
from tests.app.console.served import served
from tests.app.console.window import NOW_MS, OneSession, a_viewer
from tests.e2e.browser import PHONE, browser

__all__ = ["browser"]
DESK = {"width": 1280, "height": 900}
CASE = next(one for one in cases().values() if one.typology == "transfer_mule" and one.is_fraud)
PAGES = (
    "/console/playbook",
    "/console/playbook?q=gift+card",
    "/console/playbook/typologies/ato_drain",
    "/console/playbook/typologies/code_crack",
    "/console/playbook/reasons/NEW_DEVICE_SPENDS",
    "/console/practice",
    f"/console/practice/{CASE.id}",
)
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def console() -> Iterator[str]:
    """A console of these rooms alone, where somebody is signed in; its address."""
    frame = Console(
        OneSession(a_viewer()), Sealing(Seal(bytes(32))), public_url="http://console.test", clock=lambda: NOW_MS
    )  # fmt: skip
    shown = playbook.Playbook(lambda _program: DEFAULT, ("own",))
    rooms = [Room(playbook.PLACE, shown.gestures()), Room(practice.PLACE, practice.Practice().gestures())]
    with served(frame.routes(rooms)) as address:
        frame.public_url = address
        yield address


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_page_has_serious_findings(browser: Browser, console: str, theme: str, size: dict[str, int]):
    context = browser.new_context(viewport=size, reduced_motion="reduce")
    context.add_cookies(
        [
            {"name": "earnest-session", "value": "its-session", "url": console},
            {"name": "earnest-looks", "value": f"{theme}-keys", "url": console},
        ]
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text))
    for path in PAGES:
        page.goto(console + path)
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in SERIOUS] == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.check(f"input[name=move][value={answers(CASE).best}]")
    page.get_by_role("button", name="Answer", exact=True).click()
    assert page.get_by_text("The best choice.").is_visible()
    assert [one["id"] for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS] == []
    assert complaints == []
    context.close()
