"""Opening the database: SQLite set up for a durable record, or PostgreSQL by URL."""

from __future__ import annotations

import fcntl
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

BUSY_TIMEOUT_MS: Final = 5_000
"""How long a SQLite writer waits for another: above any batch of the journal, below a caller's patience."""
CONNECT_TIMEOUT_S: Final = 5
"""How long a connection to PostgreSQL may take before the record counts as away."""
SILENT_MS: Final = 10_000
"""After so long without a word from PostgreSQL's host the connection is given up: callers would wait for the kernel's
own patience, a quarter of an hour. It cannot see a server that acknowledges and does nothing."""
PAGE_BYTES: Final = 16_384
"""SQLite page. A decision takes 2 kB, so pages of 4,096 bytes waste a quarter of the file."""
CACHE_KIB: Final = 32_768
"""Pages a connection may hold. Two indexes are by keyed hashes, so an appended batch touches their pages at random:
at 100,000 entries in batches of 800, SQLite's own 2 MiB wrote 68 KB an entry and this 42."""
WAL_PAGES: Final = 4_096
"""64 MiB written ahead before the pages go to the file, so that a page which many batches change goes there
once: 29 KB an entry instead of 42."""

_PRAGMAS: Final = (
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    f"PRAGMA page_size={PAGE_BYTES}",  # counts for a new file only
    "PRAGMA journal_mode=WAL",
    f"PRAGMA wal_autocheckpoint={WAL_PAGES}",
    f"PRAGMA cache_size=-{CACHE_KIB}",
    "PRAGMA synchronous=FULL",  # what is in the record is trimmed from the journal
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # an erased key leaves no bytes behind
)

_DRIVERS: Final = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def open_engine(url: str) -> Engine:
    """
    An engine for `sqlite:///path` or `postgresql://…`; nothing is connected yet.

    Raises:
        ValueError: The URL names another kind of database, or no file.
    """
    parsed = make_url(url)
    parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    if parsed.get_backend_name() == "postgresql":
        return create_engine(
            parsed,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "tcp_user_timeout": SILENT_MS,
                "keepalives_idle": SILENT_MS // 1_000,
                "keepalives_interval": 5,
                "keepalives_count": 2,
            },
        )
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(f"the record is kept in SQLite or PostgreSQL, not in {parsed.get_backend_name()}")
    if parsed.database in {None, "", ":memory:"}:
        raise ValueError("a record in memory is none: name a file, sqlite:///path")
    engine = create_engine(parsed, hide_parameters=True)
    event.listen(engine, "connect", partial(_set_up, Path(f"{parsed.database}.lock")))
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(lock: Path, connection: Any, _record: object) -> None:
    """One connection at a time: where two turn a new file to WAL at once, SQLite fails instead of waiting."""
    connection.isolation_level = None  # the driver opens no transactions of its own: `_begin` does
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for pragma in _PRAGMAS:
            connection.execute(pragma)


def _begin(connection: Connection) -> None:
    """Readers begin deferred; writers take the lock first, so that waiting for it cannot fail half-way."""
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
