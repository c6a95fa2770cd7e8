"""Which host names are answered to. Within the edge, so that a refusal, too, has its request id and is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from app.problems import BAD_REQUEST, respond

UNKNOWN_HOST: Final = BAD_REQUEST.because("This service does not answer to that `Host`.")


class TrustedHosts:
    """
    Passes on requests to these hosts.

    Args:
        app: what is wrapped.
        hosts: names without port, `*.example.com` for every name below one, `*` for any.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        names = [name.lower() for name in hosts]
        self._names = frozenset(names)
        self._endings = tuple(name[1:] for name in names if name.startswith("*"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            host = next((value for name, value in scope["headers"] if name == b"host"), b"")
            if not self._trusts(host.decode("latin-1")):
                await respond(UNKNOWN_HOST)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _trusts(self, host: str) -> bool:
        name = _without_port(host).lower()
        return name in self._names or name.endswith(self._endings)


def _without_port(host: str) -> str:
    if host.startswith("["):  # an IPv6 address
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
