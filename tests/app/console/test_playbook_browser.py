"""The playbook in a real browser: readable by everybody, in both themes and at both widths."""

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

from app.console import playbook, practice
from app.console.assets import console_assets
from app.console.frame import Console, Room
from app.console.sealing import Sealing
from app.playbook.cases import answers, cases
from app.seal import Seal
from detectors.policy import DEFAULT
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
    by_address = {one.address: one for one in console_assets().values()}

    async def asset(request: Request) -> Response:
        one = by_address[request.url.path]
        return Response(one.body, media_type=one.media_type)

    rooms = [Room(playbook.PLACE, shown.gestures()), Room(practice.PLACE, practice.Practice().gestures())]
    routes = [Route("/{folder:path}/static/{name}", asset), *frame.routes(rooms)]
    config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    ready = threading.Event()
    begin = server.startup

    async def told(*given: object, **named: object) -> None:
        await begin(*given, **named)  # type: ignore[arg-type]
        ready.set()

    server.startup = told  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    assert ready.wait(30)
    port = server.servers[0].sockets[0].getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    frame.public_url = address
    yield address
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_page_has_serious_findings(browser: Browser, console: str, theme: str, size: dict[str, int]):
    context = browser.new_context(viewport=size)
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
