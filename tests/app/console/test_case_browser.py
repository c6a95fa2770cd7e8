"""The case page in Chromium: from reading to a release and back by keys, a ring acted on at once, sound everywhere."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.console.assets import console_assets
from app.console.frame import Console
from app.console.sealing import Sealing
from app.seal import Seal
from tests.app.console.cased import CaseHouse
from tests.app.console.window import OneSession, a_viewer
from tests.e2e.browser import CHROMIUM, PHONE

pytestmark = pytest.mark.anyio
DESK = {"width": 1280, "height": 900}
SERIOUS = {"serious", "critical"}


@asynccontextmanager
async def served(house: CaseHouse) -> AsyncIterator[str]:
    """The case page on a port, in this loop, which the hot store's connection belongs to."""
    house.let_in("usr_1", "senior")
    frame = Console(
        OneSession(a_viewer("senior")), Sealing(Seal(bytes(32))), public_url="http://console.test",
        clock=lambda: house.installation.now_ms,
    )  # fmt: skip
    by_address = {one.address: one for one in console_assets().values()}

    async def asset(request: Request) -> Response:
        one = by_address[request.url.path]
        return Response(one.body, media_type=one.media_type)

    routes = [Route("/{folder:path}/static/{name}", asset), *frame.routes([house.room()])]
    config = uvicorn.Config(Starlette(routes=routes), port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    ready, begin = asyncio.Event(), server.startup

    async def told(*given: Any, **named: Any) -> None:
        await begin(*given, **named)
        ready.set()

    server.startup = told  # type: ignore[method-assign]
    serving = asyncio.create_task(server.serve())
    await ready.wait()
    frame.public_url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield frame.public_url
    server.should_exit = True
    await serving


async def is_sound(page: Page, where: str) -> None:
    """No serious finding in either theme at either width, and nothing wider than the screen."""
    for theme in ("light", "dark"):
        await page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        for size in (DESK, PHONE):
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            found = (await Axe().run(page)).response["violations"]
            assert [one["id"] for one in found if one["impact"] in SERIOUS] == [], (where, theme, size)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (where, size)
    await page.set_viewport_size(DESK)  # type: ignore[arg-type]


async def test_from_reading_to_a_release_and_back_and_a_ring_at_once(installation, tmp_path):
    house = CaseHouse(installation, tmp_path)
    case_id, ring_id = await house.takeover(), await house.ring()
    complaints: list[str] = []
    async with served(house) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(viewport=DESK, reduced_motion="reduce")
        await context.add_cookies([{"name": "earnest-session", "value": "its-session", "url": address}])
        page = await context.new_page()
        page.on("console", lambda told: complaints.append(told.text))

        await page.goto(f"{address}/console/cases/{case_id}")
        await expect(page.get_by_role("heading", level=1)).to_contain_text(
            "Suspected: account takeover and drain"
        )
        await is_sound(page, "why")
        await page.keyboard.press("c")
        await expect(page.get_by_role("status")).to_contain_text("It is yours")
        await page.keyboard.press("r")
        await expect(page).to_have_url(re.compile("name=release"))
        assert house.rows("SELECT state FROM cases WHERE case_id = :id", id=case_id) == [("in_progress",)]
        await is_sound(page, "release")
        await page.get_by_label("Why").fill("She called us from the number we have had for years.")
        await page.get_by_role("button", name="Release", exact=True).click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Closed as legitimate")
        await page.get_by_role("button", name="Undo").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Suspected: ")

        await page.goto(f"{address}/console/cases/{ring_id}")
        await page.get_by_label("Mark r-0").check()
        await page.get_by_label("Mark r-2").check()
        await page.get_by_role("button", name="Lock redeeming…").click()
        await expect(page.get_by_role("table")).to_contain_text("r-2")
        await page.get_by_label("Why").fill("One hand: same device, mailbox and telephone.")
        await page.get_by_role("button", name="Lock redeeming", exact=True).click()
        await expect(page.get_by_role("status")).to_contain_text("Lock redeeming: done")
        assert {row[0] for row in house.rows("SELECT account_id FROM account_locks")} == {"r-0", "r-2"}
        for below in ("timeline", "things", "links", "record"):
            await page.goto(f"{address}/console/cases/{ring_id}/{below}")
            await is_sound(page, below)
        await browser.close()
    house.review.room.close()
    assert complaints == []
