"""The lines to Earnest: one for threads, one for asyncio. Each sends a call once and says what came of it.

httpcore, the engine of httpx, without its layers: no redirects, cookies or proxies from the environment, which no
caller of one known service needs, and a place to hold every read to the deadline.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import Iterable
from contextvars import ContextVar
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore

from earnest_client.calls import Answer, Broken, Call, Heard, Send

CONNECTIONS: Final = 100
"""Open at once, at most: beyond that callers wait for one, within their deadline."""
KEPT_OPEN_S: Final = 30.0
"""Idle connections are closed before the service (65 s) or a usual proxy (60 s) does it: fewer are found dead."""
UNSENT: Final = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)
FAILURES: Final = (httpcore.NetworkError, httpcore.ProtocolError, OSError)
_key_fits: Final = re.compile(r"[!-~]+").fullmatch
_deadline: ContextVar[float] = ContextVar("earnest_deadline")


class Target:
    """Where to and as whom. Raises ValueError, which repeats neither."""

    def __init__(self, base_url: str, key: str) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("base_url is the address of Earnest, such as https://earnest.example")
        if parts.username or parts.password:
            raise ValueError("base_url names no user and no password: the key is an argument of its own.")
        if _key_fits(key) is None:
            raise ValueError(
                "The key is not one that Earnest makes: it has blanks, or characters beyond ASCII."
            )
        self.base = base_url.rstrip("/")
        self._headers = [("Authorization", f"Bearer {key}"), ("Accept", "application/json")]

    def request(self, call: Call[Any], within_s: float) -> dict[str, Any]:
        """The arguments of either pool's `request`."""
        headers = [*self._headers]
        if call.body:
            headers.append(("Content-Type", "application/json"))
        if call.idempotency_key is not None:
            headers.append(("Idempotency-Key", call.idempotency_key))
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), max(within_s, 1e-3))
        return {
            "method": call.method,
            "url": self.base + call.path,
            "headers": headers,
            "content": call.body or (b"" if call.method == "POST" else None),
            "extensions": {"timeout": timeout},
        }


class Line:
    """A pool of connections for threads. A process that was forked off opens its own."""

    def __init__(self, target: Target, tls: ssl.SSLContext | None) -> None:
        self._target, self._tls = target, tls
        self._open()

    def send(self, step: Send) -> Heard:
        """Send once."""
        if self._process != os.getpid():
            self._open()
        _deadline.set(monotonic() + step.within_s)
        try:
            return _answer(self._pool.request(**self._target.request(step.call, step.within_s)))
        except httpcore.TimeoutException as error:
            return _late(error)
        except FAILURES as error:
            return _broken(error)

    def close(self) -> None:
        """Close every connection; the next call opens another."""
        self._pool.close()

    def _open(self) -> None:
        self._process = os.getpid()
        self._pool = httpcore.ConnectionPool(
            ssl_context=self._tls,
            max_connections=CONNECTIONS,
            keepalive_expiry=KEPT_OPEN_S,
            network_backend=_Punctual(),
        )


class AsyncLine:
    """A pool of connections for one event loop."""

    def __init__(self, target: Target, tls: ssl.SSLContext | None) -> None:
        self._target = target
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls, max_connections=CONNECTIONS, keepalive_expiry=KEPT_OPEN_S
        )

    async def send(self, step: Send) -> Heard:
        """Send once."""
        try:
            async with asyncio.timeout(step.within_s):
                return _answer(await self._pool.request(**self._target.request(step.call, step.within_s)))
        except (TimeoutError, httpcore.TimeoutException) as error:
            return _late(error)
        except FAILURES as error:
            return _broken(error)

    async def close(self) -> None:
        """Close every connection; the next call opens another."""
        await self._pool.aclose()


def _answer(response: httpcore.Response) -> Answer:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    return Answer(response.status, headers, response.content)


def _late(error: Exception) -> Broken:
    return Broken("no answer in time", unsent=isinstance(error, UNSENT), late=True)


def _broken(error: Exception) -> Broken:
    """By its kind only: its text may quote what was sent."""
    unsent = isinstance(error, UNSENT)
    return Broken("it cannot be reached" if unsent else "the connection broke", unsent=unsent)


class _Punctual(httpcore.SyncBackend):
    """Connections whose every step ends at the deadline of the call, however slowly single bytes arrive."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return _PunctualStream(super().connect_tcp(host, port, timeout, local_address, socket_options))


class _PunctualStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline is nearer
        return self._stream.read(max_bytes, _left_s(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the same
        self._stream.write(buffer, _left_s(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the same
    ) -> httpcore.NetworkStream:
        left_s = _left_s(httpcore.ConnectTimeout)
        return _PunctualStream(self._stream.start_tls(ssl_context, server_hostname, left_s))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left_s(late: type[httpcore.TimeoutException]) -> float:
    left = _deadline.get() - monotonic()
    if left <= 0:
        raise late
    return left
