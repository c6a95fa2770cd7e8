"""A stage over each database in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.store.pipeline import Pipeline
from app.store.sql import open_engine
from tests.app.stepping_up.stage import Stage


@pytest.fixture
async def stage(pipeline: Pipeline, database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """A member of thirty days with a telephone."""
    engine = open_engine(database_url)
    built = Stage(pipeline, engine, tmp_path)
    await built.installation.begin()
    await built.member()
    yield built
    engine.dispose()
