"""The dashboard in a real browser: readable by everybody, in both themes and at both widths."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.app.console.served import served
from tests.app.console.test_dashboard import Counted, counted
from tests.e2e.browser import PHONE, browser

__all__ = ["browser", "counted"]
DESK = {"width": 1280, "height": 900}
SERIOUS = {"serious", "critical"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough for what is seen."""
    return sqlite_url


@pytest.fixture
def address(counted: Counted) -> Iterator[str]:
    """A console with a dashboard, where a senior is signed in."""
    window = counted.window()
    with served(window.app.routes) as address:
        yield address


def test_the_dashboard_is_read_by_everybody_and_a_bar_opens_its_cases(browser: Browser, address: str):
    context = browser.new_context(viewport=DESK, reduced_motion="reduce")
    context.set_extra_http_headers({"Cookie": "__Host-earnest-session=its-session"})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text))
    page.goto(f"{address}/console/dashboard?period=7")
    for summary in page.locator("details.meaning > summary, details.numbers > summary").all():
        summary.click()
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS] == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []
    bar = page.locator("svg.chart a").first
    assert "/console/queue?" in (bar.get_attribute("href") or "")
    assert bar.get_attribute("aria-label")
    context.close()
