"""A record over each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from app.seal import Seal
from app.store.sql import SqlRecord, open_engine

KEY = bytes(range(32))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def record(engine: Engine) -> SqlRecord:
    return SqlRecord(engine, Seal(KEY))
