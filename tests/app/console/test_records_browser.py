"""Accounts, decisions, lists and the audit in a real browser: readable by everybody, in both themes, at both widths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from app.console.frame import Console
from app.console.sealing import Sealing
from app.reviewing import hrefs
from app.seal import Seal
from app.store.sql import migrate, open_engine
from tests.app.console.kept import ODD, filled
from tests.app.console.served import served
from tests.app.console.window import NOW_MS, OneSession, a_viewer
from tests.e2e.browser import PHONE, browser

__all__ = ["browser"]
DESK = {"width": 1280, "height": 900}
PAGES = {
    "search": "/console/accounts",
    "nothing": "/console/accounts?q=nobody",
    "account": hrefs.account("default", "m-1"),
    "odd": hrefs.account("default", ODD),
    "timeline": hrefs.account("default", "m-1") + "/timeline",
    "links": hrefs.account("default", "m-1") + "/links",
    "decision": hrefs.decision("default", "dec_8"),
    "lists": "/console/lists?list=block&program=default",
    "new": "/console/lists/new?list=block&kind=account&value=m-1&program=default",
    "audit": "/console/audit",
}
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A console of these rooms alone, where somebody is signed in; its address."""
    url = f"sqlite:///{tmp_path_factory.mktemp('kept')}/record.db"
    migrate(url)
    engine = open_engine(url)
    kept = filled(engine)
    frame = Console(
        OneSession(a_viewer("programme_admin")), Sealing(Seal(bytes(32))), public_url="http://console.test",
        clock=lambda: NOW_MS,
    )  # fmt: skip
    with served(frame.routes(kept.rooms())) as address:
        frame.public_url = address
        yield address
    engine.dispose()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_page_has_serious_findings(
    browser: Browser, console: str, theme: str, size: dict[str, int], tmp_path: Path
):
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
    for name, path in PAGES.items():
        page.goto(console + path)
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS] == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.goto(console + PAGES["new"])
    page.get_by_label("Why").fill("Seen draining three accounts")
    page.get_by_role("button", name="See what it would touch").click()
    assert page.get_by_text("What it would have touched").is_visible()
    page.get_by_role("button", name="Add it").click()
    assert page.get_by_text("Every decision minds it from now on.").is_visible()
    page.get_by_role("button", name="Undo").click()
    assert page.get_by_text("Taken out.").is_visible()
    assert complaints == []
    context.close()
