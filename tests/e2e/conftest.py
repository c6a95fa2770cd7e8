"""A real service for a whole session, and clients of it; tests that break things make their own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.installation import PATIENT, Client, Installation
from tests.e2e.browser import browser, opened
from tests.e2e.post_office import PostOffice
from tests.e2e.rewards import programme

__all__ = ["browser", "opened"]
CROWD = 30
WORKERS = 2


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Two web processes, the embedded Valkey, SQLite. Nobody may harm it."""
    with Installation(tmp_path_factory.mktemp("service"), **PATIENT) as running:
        yield running


@pytest.fixture
def client(service: Installation) -> Iterator[Client]:
    """A client with every scope."""
    with service.client() as one:
        yield one


@pytest.fixture(scope="module")
def crowd(service: Installation) -> Iterator[list[Client]]:
    """Thirty connections, half of them to each web process, taking turns."""
    clients = [one for pair in zip(*service.clients_of_each(CROWD // WORKERS), strict=True) for one in pair]
    yield clients
    for one in clients:
        one.close()


@pytest.fixture(scope="session")
def lindner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, PostOffice]]:
    """A programme that sends mails and text messages, behind a proxy. Nobody may harm it."""
    with programme(tmp_path_factory.mktemp("lindner")) as running:
        yield running


@pytest.fixture
def installed() -> Iterator[Callable[..., Installation]]:
    """Starts installations of the test's own, and ends them with the test."""
    running: list[Installation] = []

    def install(**settings: Any) -> Installation:
        home = Path(tempfile.mkdtemp(prefix="earnest-e2e-"))
        prepare = settings.pop("prepare", None)
        made = Installation(home, **settings)
        if prepare is not None:
            prepare(made)
        running.append(made)
        return made.start()

    yield install
    for one in running:
        one.stop()
        shutil.rmtree(one.home, ignore_errors=True)
