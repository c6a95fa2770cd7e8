"""A whole installation for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.store.pipeline import Pipeline
from app.store.sql import open_engine
from tests.app.installation import Installation


@pytest.fixture
async def installation(pipeline: Pipeline, sqlite_url: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """Empty, and knowing that it is complete."""
    engine = open_engine(sqlite_url)
    built = Installation(pipeline, engine, tmp_path)
    await built.begin()
    yield built
    engine.dispose()
