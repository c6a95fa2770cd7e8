"""What a development installation would have sent, to be read and clicked. Never mounted where mails really go out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from app.mail.local import Kept
from app.pages.headers import page_headers
from app.pages.rendering import Renderer

POLICY: Final = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; frame-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""A mail styles itself inline, so the frame that shows it must be allowed to; scripts run nowhere."""
TOP: Final = '<base target="_top">'
"""Put before a mail, so that its links open in the window and not in the frame."""


class LocalBox(Protocol):
    """The part of `app.mail.local.LocalBox` that is read."""

    def listing(self) -> Sequence[Kept]: ...
    def read(self, name: str) -> Kept | None: ...


class Outbox:
    """
    Args:
        box: where the messages are kept.
        renderer: of the pages.
    """

    def __init__(self, box: LocalBox, renderer: Renderer) -> None:
        self._box, self._renderer = box, renderer
        self._headers = page_headers(https=False, policy=POLICY)

    async def listing(self, _: Request) -> Response:
        """All of them, newest first."""
        kept = await to_thread.run_sync(self._box.listing)
        rows = [(message, _told(message.at_ms)) for message in kept]
        return self._page(self._renderer.other("outbox.html", rows=rows))

    async def message(self, request: Request) -> Response:
        """One of them, as text and, where it has that, as HTML."""
        kept = await to_thread.run_sync(self._box.read, request.path_params["name"])
        if kept is None:
            return self._page(self._renderer.other("outbox.html", rows=[]), 404)
        framed = TOP + kept.html if kept.html else ""
        return self._page(
            self._renderer.other("message.html", message=kept, at=_told(kept.at_ms), framed=framed)
        )

    def _page(self, html: str, status: int = 200) -> Response:
        return Response(html, status, dict(self._headers), "text/html")


def _told(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
