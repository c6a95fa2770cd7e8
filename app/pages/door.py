"""A path of the member's pages: which gestures it takes, and what is told where one is turned away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.pages.forms import FormFaulty
from app.ports.history import HotStoreAway
from app.ports.record import RecordAway

Gesture = Callable[[Request], Awaitable[Response]]
TURNED: Final = 405


class Door:
    """
    All methods of one path, as an ASGI application. HEAD is GET without its body; OPTIONS only says what there is.

    Args:
        path: the template it is measured under: a metric or a log must never hold a token.
        gestures: by method.
        headers: of every response that no gesture makes.
        refused: the page for a form that is not ours, with its status.
        away: the page for a store that does not answer.
    """

    def __init__(
        self,
        path: str,
        gestures: Mapping[str, Gesture],
        *,
        headers: Mapping[str, str],
        refused: Callable[[Request, int], Response],
        away: Callable[[Request], Response],
    ) -> None:
        self._path = path
        self._gestures = dict(gestures)
        if "GET" in gestures:
            self._gestures["HEAD"] = gestures["GET"]
        self._headers = {**headers, "Allow": ", ".join((*self._gestures, "OPTIONS"))}
        self._refused = refused
        self._away = away

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["earnest.path"] = self._path
        response = await self._answer(Request(scope, receive))
        if scope["method"] == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        gesture = self._gestures.get(request.method)
        if gesture is None:
            known = request.method == "OPTIONS"
            return Response(status_code=200 if known else TURNED, headers=dict(self._headers))
        try:
            return await gesture(request)
        except FormFaulty as faulty:
            return self._refused(request, faulty.status)
        except (RecordAway, HotStoreAway):
            return self._away(request)
