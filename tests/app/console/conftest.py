"""A queue to work at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.store.sql import open_engine
from tests.app.console.queued import Floor


@pytest.fixture
def floor(sqlite_url: str, decided: Any) -> Iterator[Floor]:
    engine = open_engine(sqlite_url)
    yield Floor(engine, decided)
    engine.dispose()


@pytest.fixture
def either(database_url: str, decided: Any) -> Iterator[Floor]:
    """Over each engine, where what is asked of it matters."""
    engine = open_engine(database_url)
    yield Floor(engine, decided)
    engine.dispose()
