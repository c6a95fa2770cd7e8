"""A promise over each database in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.store.sql import open_engine
from tests.app.redeeming.promise import Promise


@pytest.fixture
async def promise(database_url: str) -> AsyncIterator[Promise]:
    """Empty, its keys made."""
    engine = open_engine(database_url)
    built = Promise(engine)
    await built.rings.refresh()
    yield built
    engine.dispose()
