"""Bringing the database to this version of the tables; any number of processes may try at once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from app.store.sql.engine import open_engine
from app.store.sql.reach import reading, writing

MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"
LATEST: Final = "head"
EMPTY: Final = "base"

_LOCK: Final = int.from_bytes(b"earnest", "big")
"""PostgreSQL's advisory lock is a number of our choice."""


def migrate(target: Engine | str, revision: str = LATEST) -> None:
    """
    Bring the database to a revision, by default the latest, in one transaction that holds the migration lock.

    Args:
        target: An engine of `open_engine`, or the URL of one.
        revision: `LATEST`, `EMPTY` to take every table away, or a revision's id.

    Raises:
        RecordAway: The database did not answer.
    """
    if isinstance(target, str):
        engine = open_engine(target)
        try:
            migrate(engine, revision)
        finally:
            engine.dispose()
        return
    with writing(target) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config = _config()
        config.attributes["connection"] = connection
        if revision == EMPTY:
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)


def is_current(target: Engine | Connection) -> bool:
    """Whether the database stands at this version's latest revision."""
    if isinstance(target, Engine):
        with reading(target) as connection:
            return is_current(connection)
    return set(MigrationContext.configure(target).get_current_heads()) == _latest()


@cache
def _latest() -> frozenset[str]:
    return frozenset(ScriptDirectory.from_config(_config()).get_heads())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
