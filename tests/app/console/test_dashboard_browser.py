"""The dashboard in a real browser: readable by everybody, in both themes and at both widths."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.console.assets import console_assets
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
    by_address = {one.address: one for one in console_assets().values()}

    async def asset(request: Request) -> Response:
        one = by_address[request.url.path]
        return Response(one.body, media_type=one.media_type)

    routes = [Route("/{folder:path}/static/{name}", asset), *window.app.routes]
    server = uvicorn.Server(
        uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", lifespan="off")
    )
    ready, begin = threading.Event(), server.startup

    async def told(*given: object, **named: object) -> None:
        await begin(*given, **named)  # type: ignore[arg-type]
        ready.set()

    server.startup = told  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    assert ready.wait(30)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_the_dashboard_is_read_by_everybody_and_a_bar_opens_its_cases(browser: Browser, address: str):
    context = browser.new_context(viewport=DESK)
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
