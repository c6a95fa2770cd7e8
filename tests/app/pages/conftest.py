"""The pages behind the real edge, and a browser without a screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from app.api.edge import Edge
from app.pages.redeeming import member_routes
from app.problems import HANDLERS
from tests.app.pages.memory_visits import MemoryVisits

PUBLIC = "https://rewards.nordlicht.example"
CSRF_KEY = b"k" * 32


@pytest.fixture
def visits() -> MemoryVisits:
    return MemoryVisits()


@pytest.fixture
def measured() -> list[tuple[Any, ...]]:
    """What the edge measured."""
    return []


@pytest.fixture
def serve(visits: MemoryVisits, measured: list[tuple[Any, ...]]) -> Callable[..., httpx.AsyncClient]:
    """A function that serves the pages at a public URL, to a client that keeps cookies."""

    def at(public_url: str = PUBLIC, **given: Any) -> httpx.AsyncClient:
        routes = member_routes(visits, public_url=public_url, csrf_key=CSRF_KEY, **given)
        app = Starlette(routes=routes, exception_handlers=HANDLERS)
        app.router.redirect_slashes = False
        edge = Edge(app, lambda *told: measured.append(told))
        transport = httpx.ASGITransport(edge, client=("203.0.113.7", 5000))
        return httpx.AsyncClient(transport=transport, base_url=public_url)

    return at


@pytest.fixture
async def browser(serve: Callable[..., httpx.AsyncClient]) -> AsyncIterator[httpx.AsyncClient]:
    """A member's browser, which says where it comes from as browsers do under `Referrer-Policy: no-referrer`."""
    async with serve() as client:
        client.headers.update({"Sec-Fetch-Site": "same-origin", "Origin": "null"})
        yield client
