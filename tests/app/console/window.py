"""A browser's window at a console of some rooms, with whoever the test says signed in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import unescape
from typing import Any

import httpx
from starlette.applications import Starlette

from app.console.frame import Console, Room
from app.console.sealing import Sealing
from app.seal import Seal
from app.users.viewer import Viewer

NOW_MS = 1_780_000_000_000
PUBLIC = "https://console.example"
COOKIE = "__Host-earnest-session"


class OneSession:
    """`app.console.frame.Sessions` where any cookie is this viewer's; nobody's where it is None."""

    def __init__(self, viewer: Viewer | None) -> None:
        self.is_now = viewer

    def viewer(self, cookie: str, address: str, now_ms: int) -> Viewer | None:
        del address, now_ms
        return None if self.is_now is None else replace(self.is_now, session_hash=cookie.encode())


def a_viewer(role: Any = "analyst", **given: Any) -> Viewer:
    """Somebody of that role."""
    return Viewer(**{"user_id": "usr_1", "email": "ana@shop.example", "role": role} | given)


def a_console(viewer: Viewer | None, now_ms: int = NOW_MS, came: Any = lambda: None, **given: Any) -> Console:
    """The frame."""
    sealing = Sealing(Seal(bytes(range(32))))
    return Console(OneSession(viewer), sealing, public_url=PUBLIC, clock=lambda: now_ms, came=came, **given)


class Window:
    """Asks as a browser does that is signed in; posts what a page's own form would."""

    def __init__(self, rooms: Sequence[Room], viewer: Viewer | None, console: Console | None = None) -> None:
        self.console = console or a_console(viewer)
        self.app = Starlette(routes=self.console.routes(rooms))
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app), base_url=PUBLIC, cookies={COOKIE: "its-session"}
        )

    async def get(self, path: str) -> httpx.Response:
        """Look at a page."""
        return await self._client.get(path)

    async def post(self, path: str, token: str | None = None, **fields: Any) -> httpx.Response:
        """Send a form, with this session's token unless another is given."""
        mine = self.console.sealing.form_token("usr_1", b"its-session")
        data = {"form_token": mine if token is None else token, **fields}
        return await self._client.post(path, data=data, headers={"Sec-Fetch-Site": "same-origin"})


def words(html: str) -> str:
    """What is read on a page."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()
