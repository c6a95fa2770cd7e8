"""A promise over each database in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.store.pipeline import Pipeline
from app.store.sql import open_engine
from tests.app.redeeming.checked import Checked
from tests.app.redeeming.promise import Promise


@pytest.fixture
async def promise(database_url: str) -> AsyncIterator[Promise]:
    """Empty, its keys made."""
    engine = open_engine(database_url)
    built = Promise(engine)
    await built.rings.refresh()
    yield built
    engine.dispose()


@pytest.fixture
async def checked(pipeline: Pipeline, database_url: str, tmp_path: Path) -> AsyncIterator[Checked]:
    """The same with the check before every commit."""
    engine = open_engine(database_url)
    built = Checked(pipeline, engine, tmp_path)
    await built.there.begin()
    await built.rings.refresh()
    yield built
    engine.dispose()
