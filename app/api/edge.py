"""The outermost layer: every response carries an X-Request-Id, and every request is measured.

Raw ASGI: Starlette's BaseHTTPMiddleware starts a task a request, which costs more than the rest of the edge.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from time import perf_counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID: Final = b"x-request-id"
ACCEPTABLE: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")
"""A caller's own id is kept where it is short and cannot break a log line."""
ID_BYTES: Final = 16
NO_ROUTE: Final = "(none)"
"""The path under which unknown paths are measured: a metric must not grow with what strangers invent."""


class Edge:
    """
    Wraps the whole application.

    Args:
        app: what is wrapped.
        measured: told of every request: path template, method, status, seconds.
    """

    def __init__(self, app: ASGIApp, measured: Callable[[str, str, int, float], None]) -> None:
        self._app = app
        self._measured = measured

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["earnest.request_id"] = request_id.decode()
        status = 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (REQUEST_ID, request_id),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        started = perf_counter()
        try:
            await self._app(scope, receive, send_on)
        finally:
            path = scope.get("earnest.path", NO_ROUTE)
            self._measured(path, scope["method"], status, perf_counter() - started)


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == REQUEST_ID and ACCEPTABLE.fullmatch(value):
            return bytes(value)
    return secrets.token_hex(ID_BYTES).encode()
