"""The queue in a real browser: worked by keys alone, readable by everybody, in both themes and at both widths."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from app.console.frame import Console
from app.console.sealing import Sealing
from app.seal import Seal
from tests.app.console.queued import Floor
from tests.app.console.served import served
from tests.app.console.window import OneSession
from tests.app.store.cased import HOUR_MS
from tests.e2e.browser import PHONE, browser

__all__ = ["browser"]
DESK = {"width": 1280, "height": 900}
SERIOUS = {"serious", "critical"}


@pytest.fixture
def address(floor: Floor) -> Iterator[str]:
    """A console with a queue of six cases, where an analyst is signed in."""
    ana, ben = floor.somebody("ana"), floor.somebody("ben")
    for n in range(6):
        floor.open(
            f"m-{n}",
            points=1_000 * (n + 1),
            set={"due_ms": floor.now_ms + (n - 1) * HOUR_MS, "priority": n % 3 + 1},
        )
    floor.move(floor.open("m-5"), ben, "claim")
    frame = Console(OneSession(ana), Sealing(Seal(bytes(32))), public_url="", clock=lambda: floor.now_ms)
    with served(frame.routes([floor.room])) as address:
        frame.public_url = address
        yield address


def fine(page: Page) -> None:
    """No serious finding, and nothing wider than the window."""
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_queue_is_worked_by_keys_and_read_by_everybody(browser: Browser, address: str, floor: Floor):
    complaints: list[str] = []
    for theme, size in (("light", DESK), ("dark", DESK), ("light", PHONE), ("dark", PHONE)):
        context = browser.new_context(viewport=size, reduced_motion="reduce")
        context.add_cookies(
            [
                {"name": "earnest-session", "value": "its-session", "url": address},
                {"name": "earnest-looks", "value": f"{theme}-keys", "url": address},
            ]
        )
        page = context.new_page()
        page.on("console", lambda told: complaints.append(told.text))
        page.goto(f"{address}/console/queue?overdue=yes")
        page.click(".filters summary")
        fine(page)
        page.goto(f"{address}/console/queue")
        fine(page)
        if (theme, size) == ("dark", PHONE):
            _worked(page, floor)
        context.close()
    assert [one for one in complaints if "404" not in one] == []


def _worked(page: Page, floor: Floor) -> None:
    """Two cases marked and closed after a look, then the next one taken."""
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    assert page.get_by_text("2 marked").is_visible()
    page.select_option("#deed", "close")
    page.get_by_role("button", name="Look first …").click()
    fine(page)
    page.select_option("[name=resolution]", "fraud")
    page.fill("[name=reason]", "one hand")
    page.get_by_role("button", name="Look what it would do").click()
    assert page.locator("[name=reason]").input_value() == "one hand"
    page.get_by_role("button", name="Close:").click()
    fine(page)
    assert page.get_by_text("Undo all of it").is_visible()
    page.get_by_role("link", name="Back to the queue").click()
    page.wait_for_url(lambda url: "/bulk" not in url, wait_until="load")
    page.keyboard.press("n")
    page.wait_for_url("**/console/cases/**")
    mine = floor.case(page.url.rpartition("/")[2])
    assert (mine.state, mine.assignee) == ("in_progress", "user:usr_ana")
