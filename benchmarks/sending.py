"""Load where each request is sent once and each answer counts: a client in a process of its own.

wrk drops what is under way when its time is over; a token that was paid then would have no answer to show for it.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any
from urllib.parse import urlsplit

import httptools
import uvloop

UNANSWERED = 0
"""Stands for the status of a request whose connection broke."""


@dataclass(frozen=True)
class Sent:
    """What came of a load: seconds from the first request to the last answer, and for each request, in the order of
    the answers, its place among those given, its milliseconds and its status.
    """

    took_s: float
    places: Sequence[int]
    ms: Sequence[float]
    statuses: Sequence[int]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.ms) / self.took_s

    @property
    def p50_ms(self) -> float:
        """The median of the latencies, in ms."""
        return statistics.median(self.ms)

    @property
    def p99_ms(self) -> float:
        """Their 99th percentile, in ms; the slowest of a few."""
        return (
            statistics.quantiles(self.ms, n=100, method="inclusive")[98] if len(self.ms) > 1 else self.ms[0]
        )

    def others(self, status: int) -> int:
        """How many answers had another status."""
        return sum(one != status for one in self.statuses)


def send(
    address: str, key: str, path: str, bodies: Sequence[bytes], *, clients: int, seconds: float, run: str = ""
) -> Sent:
    """
    POST these in order, each once, over so many connections, until the time is over or there are no more; those
    under way are waited for.

    Args:
        address: of the service, `http://host:port`.
        key: the API key.
        path: where to.
        bodies: JSON, one a request.
        clients: connections, each sending its next when it has its answer.
        seconds: after which none is begun.
        run: each request's Idempotency-Key begins so; empty: they have none.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_run, address, key, path, bodies, clients, seconds, run).result()


def _run(
    address: str, key: str, path: str, bodies: Sequence[bytes], clients: int, seconds: float, run: str
) -> Sent:
    host = urlsplit(address).netloc
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"

    def request(place: int) -> bytes:
        named = f"Idempotency-Key: {run}-{place}\r\n" if run else ""
        return f"{head}{named}Content-Length: {len(bodies[place])}\r\n\r\n".encode() + bodies[place]

    return uvloop.run(_load(host, request, len(bodies), clients, seconds))


async def _load(host: str, request: Any, requests: int, clients: int, seconds: float) -> Sent:
    name, _, port = host.partition(":")
    loop, left = asyncio.get_running_loop(), iter(range(requests))
    lines = []
    for _ in range(clients):
        _, line = await loop.create_connection(lambda: _Line(request, left), name, int(port))
        lines.append(line)
    began = time.perf_counter()
    for line in lines:
        line.go(began + seconds)
    await asyncio.gather(*(line.over for line in lines))
    told = sorted((answer for line in lines for answer in line.answers), key=lambda one: one[0])
    ended, places, ms, statuses = zip(*told, strict=True)
    return Sent(ended[-1] - began, places, ms, statuses)


class _Line(asyncio.Protocol):
    """One connection: its next request goes out when it has the answer to the one before."""

    def __init__(self, request: Any, left: Iterator[int]) -> None:
        self._request, self._left = request, left
        self.answers: list[tuple[float, int, float, int]] = []
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._until = self._began = 0.0
        self._place: int | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def go(self, until: float) -> None:
        """Begin; the last request goes out before that instant."""
        self._until = until
        self._next()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        self._answered(self._parser.get_status_code())
        self._next()

    def connection_lost(self, _: BaseException | None) -> None:
        if self._place is not None:
            self._answered(UNANSWERED)
        if not self.over.done():
            self.over.set_result(None)

    def _answered(self, status: int) -> None:
        now, place = time.perf_counter(), self._place
        assert place is not None
        self.answers.append((now, place, (now - self._began) * 1e3, status))
        self._place = None

    def _next(self) -> None:
        now = time.perf_counter()
        self._place = next(self._left, None) if now < self._until else None
        if self._place is None:
            self._transport.close()
            return
        sent = self._request(self._place)
        self._began = time.perf_counter()
        self._transport.write(sent)
