from __future__ import annotations

import pytest

from app.demo.programme import Programme, generate

END_MS = 1_795_262_400_000
"""2026-11-21T12:00:00Z."""


@pytest.fixture(scope="session")
def large() -> Programme:
    """The size at which every typology has several incidents."""
    return generate(seed=4, members=3_000, days=120, end_ms=END_MS)


@pytest.fixture(scope="session")
def small() -> Programme:
    return generate(seed=5, members=300, days=30, end_ms=END_MS)
