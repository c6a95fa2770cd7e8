"""Emptying SQLite's write-ahead log: what was destroyed in the tables stays readable there until it is written over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.store.sql.engine import BUSY_TIMEOUT_MS
from app.store.sql.reach import reading

if TYPE_CHECKING:
    from sqlalchemy import Engine

PATIENCE_MS: Final = 200
"""With readers and writers in its way; the next turn tries again."""


def empty_log(engine: Engine) -> bool:
    """
    Write the log into the file and cut it to nothing; whether nobody was in the way. PostgreSQL's log is its own
    affair: it is recycled, and what is in it dies with the day's server key.

    Raises:
        RecordAway: Nothing was done.
    """
    if engine.dialect.name != "sqlite":
        return True
    with reading(engine) as connection:
        connection.exec_driver_sql("COMMIT")  # a checkpoint is no part of a transaction
        connection.exec_driver_sql(f"PRAGMA busy_timeout={PATIENCE_MS}")
        try:
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            connection.exec_driver_sql("BEGIN")
    return not busy
