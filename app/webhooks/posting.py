"""One POST to a receiver: to the address that was looked at, without redirects or proxies, and not for long."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, NamedTuple, Protocol
from zlib import crc32

import httpcore
import httpx

from app.webhooks.guarding import Guard, Unsafe

ANSWER_S: Final = 10.0
"""Patience with a receiver, for everything from its name to the end of its answer (Standard Webhooks: 15 to 30 s; a
receiver that does its work later answers in milliseconds)."""
ANSWER_BYTES: Final = 16_384
"""Of an answer's body that are read, so that its connection can be used again; a longer one costs its connection."""
POOLS: Final = 16
CONNECTIONS_OF_A_POOL: Final = 8
"""httpcore looks at all connections of a pool, twice a request: to one receiver 1,600 requests/s with 8 connections in
a pool, 660 with 16, 320 with 32. So there are several small pools."""
CONNECTIONS: Final = POOLS * CONNECTIONS_OF_A_POOL
"""Open at once, to all receivers together."""
KEEP_ALIVE_S: Final = 30.0
"""An idle connection is kept: less than the minute after which most servers close it."""
ADDRESSES_TRIED: Final = 2
"""Of a name with several: where the first does not answer, the second may."""
SUCCESS: Final = range(200, 300)
GONE: Final = 410
"""Standard Webhooks: the receiver wants nothing more."""


class Answer(NamedTuple):
    """What a receiver said. `status` None: nothing; `why` has the words, none of them the receiver's."""

    status: int | None
    why: str

    @property
    def took(self) -> bool:
        """Whether the message is delivered."""
        return self.status in SUCCESS


class Post(Protocol):
    """`Poster.post`."""

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer: ...


class _Pinned(httpcore.AsyncNetworkBackend):
    """Opens connections to looked-at addresses only. TLS, on top, still asks for the name."""

    def __init__(self, guard: Guard) -> None:
        self._guard, self._inner = guard, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        *first, last = (await self._guard.addresses(host, port))[:ADDRESSES_TRIED]
        for address in first:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
        return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise Unsafe("must name a host")


class Poster:
    """
    Posts, and keeps connections.

    Args:
        guard: looks at where it goes.
        trust: certificates to believe; the usual ones, or `SSL_CERT_FILE`, where None.
        patience_s: for one try.
    """

    def __init__(
        self, guard: Guard, *, trust: ssl.SSLContext | None = None, patience_s: float = ANSWER_S
    ) -> None:
        self._guard, self._patience_s = guard, patience_s
        believed, backend = trust or httpx.create_ssl_context(), _Pinned(guard)
        self._pools = [
            httpcore.AsyncConnectionPool(
                ssl_context=believed,
                max_connections=CONNECTIONS_OF_A_POOL,
                keepalive_expiry=KEEP_ALIVE_S,
                network_backend=backend,
            )
            for _ in range(POOLS)
        ]
        self._under_way = [0] * POOLS

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post JSON once. Never raises for what a receiver, or the way to it, does."""
        try:
            parts = self._guard.parsed(url)
            target = httpcore.URL(
                scheme=parts.raw_scheme, host=parts.raw_host, port=parts.port, target=parts.raw_path
            )
            sent = [
                (b"host", parts.netloc),
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
                (b"user-agent", b"Earnest"),
                *((name.encode(), value.encode()) for name, value in headers.items()),
            ]
            async with (
                asyncio.timeout(self._patience_s),
                self._pool_for(parts.netloc) as pool,
                pool.stream("POST", target, headers=sent, content=body) as answer,
            ):
                await _read_a_little(answer)
                return Answer(answer.status, f"the receiver answered {answer.status}")
        except Unsafe as unsafe:
            return Answer(None, f"the url {unsafe}")
        except TimeoutError:
            return Answer(None, f"no answer within {self._patience_s:g} s")
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            return Answer(None, f"not reached: {type(error).__name__}")

    async def close(self) -> None:
        """Let the connections go."""
        for pool in self._pools:
            await pool.aclose()

    @asynccontextmanager
    async def _pool_for(self, receiver: bytes) -> AsyncIterator[httpcore.AsyncConnectionPool]:
        """A pool with room; the same ones for the same receiver, as far as it goes, since there its connections are."""
        first = crc32(receiver) % POOLS
        chosen = min(
            range(first, first + POOLS), key=lambda at: self._under_way[at % POOLS] >= CONNECTIONS_OF_A_POOL
        )
        self._under_way[chosen % POOLS] += 1
        try:
            yield self._pools[chosen % POOLS]
        finally:
            self._under_way[chosen % POOLS] -= 1


async def _read_a_little(answer: httpcore.Response) -> None:
    read = 0
    async for part in answer.aiter_stream():
        read += len(part)
        if read > ANSWER_BYTES:
            return
