"""Both clients behind one face, and a server that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from earnest_client import AsyncEarnest, Earnest
from tests.client.odd_server import OddServer

LONG_S = 20.0
"""What must be answered is waited for, so that a busy machine fails nothing."""
SHORT_S = 0.2
"""What is never answered need not be waited for."""
KEY = "ek_invented.3f9c2d7a1b"


class Awaited:
    """An `AsyncEarnest` whose calls are run to their end on a loop of its own."""

    def __init__(self, *args: Any, **rest: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncEarnest(*args, **rest)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return (lambda *args, **rest: self._runner.run(found(*args, **rest))) if callable(found) else found

    def end(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()


@pytest.fixture
def odd() -> Iterator[OddServer]:
    with OddServer() as server:
        yield server


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest, odd: OddServer) -> Iterator[Callable[..., Any]]:
    """Makes clients of either kind."""
    made: list[Any] = []

    def make(**rest: Any) -> Any:
        kind = Earnest if request.param == "sync" else Awaited
        settings = {"timeout_s": LONG_S, "patience_s": LONG_S} | rest
        made.append(kind(settings.pop("base_url", odd.address), settings.pop("key", KEY), **settings))
        return made[-1]

    yield make
    for one in made:
        one.close() if isinstance(one, Earnest) else one.end()


@pytest.fixture
def earnest(connect: Callable[..., Any]) -> Any:
    return connect()


@pytest.fixture
def hasty(connect: Callable[..., Any]) -> Any:
    return connect(timeout_s=SHORT_S, patience_s=SHORT_S)
