"""An installation that decides by a policy with caps."""

from __future__ import annotations

import pytest

from app.store.sql import open_engine
from tests.app.capping.stage import policy
from tests.app.installation import Installation


@pytest.fixture
def capped(pipeline, sqlite_url, tmp_path):
    """Makes an installation that decides by this policy. What databases do is tested with the record."""
    engine = open_engine(sqlite_url)

    async def install(rest: str, **how: str) -> Installation:
        made = Installation(pipeline, engine, tmp_path, policy=policy(rest, **how))
        await made.begin()
        return made

    yield install
    engine.dispose()
