"""Reaching the database: one transaction each, repeated where another was first; its absence told as RecordAway."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from threading import Semaphore
from typing import TYPE_CHECKING, Final, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from app.ports.record import RecordAway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

WRITERS: Final = {"sqlite": 1, "postgresql": 4}
"""Transactions of one process that may write at once. SQLite takes one, and makes others poll for their turn, in no
order: 32 at once waited up to 770 ms instead of 110. Nearly all of ours end at the same row, the audit's, so more than a
few at PostgreSQL only get in each other's way; a few keep it busy while others are on the wire. Connections are left to
readers besides."""
TURN_S: Final = 5.0
"""Patience for a turn: that with SQLite's lock, `engine.BUSY_TIMEOUT_MS`."""
_turns: Final[WeakKeyDictionary[Engine, Semaphore]] = WeakKeyDictionary()
_UNDEFINED_TABLE: Final = "42P01"
"""PostgreSQL's SQLSTATE for a missing table: not migrated. (SQLite calls it an OperationalError.)"""
_DEADLOCK: Final = "40P01"
"""PostgreSQL's SQLSTATE for the transaction it gave up so that others could go on."""
TRIES: Final = 4
"""Transactions beaten by another one are repeated; each time another one has made its way."""

T = TypeVar("T")


@dataclass(frozen=True)
class Joined:
    """
    In the place of an engine: what a store does with it is part of a transaction that somebody else began, and is
    committed or not with the rest of it.
    """

    connection: Connection


@contextmanager
def reading(engine: Engine | Joined) -> Iterator[Connection]:
    """To read: each statement sees all that is committed. Raises RecordAway."""
    if isinstance(engine, Joined):
        yield engine.connection
        return
    with _told(), engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="AUTOCOMMIT")  # saves two round trips
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine | Joined) -> Iterator[Connection]:
    """A transaction that writes: committed at the end, rolled back on any error. Raises RecordAway."""
    if isinstance(engine, Joined):
        yield engine.connection
        return
    with _told(), _turn(engine), engine.connect() as connection:
        connection.execution_options(begin="BEGIN IMMEDIATE")
        with connection.begin():
            yield connection


def in_one(engine: Engine | Joined, move: Callable[[Connection], T]) -> T:
    """
    What `move` returns, run in one transaction; repeated where another one was first with a unique row or got hold of
    our rows the other way round.

    Raises:
        RecordAway: Nothing was done.
        IntegrityError: A unique value is taken however often we look; where a transaction is joined, at once: who
            began it repeats it.
    """
    if isinstance(engine, Joined):
        return move(engine.connection)
    for _ in range(TRIES - 1):
        try:
            with writing(engine) as connection:
                return move(connection)
        except IntegrityError:
            continue
        except RecordAway as away:
            if getattr(getattr(away.__cause__, "orig", None), "sqlstate", None) != _DEADLOCK:
                raise
    with writing(engine) as connection:
        return move(connection)


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """One of the process's turns to write, first come first served."""
    turns = _turns.setdefault(engine, Semaphore(WRITERS[engine.dialect.name]))
    if not turns.acquire(timeout=TURN_S):
        raise RecordAway("the record is away: others are writing")
    try:
        yield
    finally:
        turns.release()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolExhausted) as error:
        raise RecordAway(_in_short(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated or getattr(error.orig, "sqlstate", None) == _UNDEFINED_TABLE:
            raise RecordAway(_in_short(error)) from error
        raise


def _in_short(error: Exception) -> str:
    """What the driver says, without the statement and its parameters, which may be personal."""
    reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    return f"the record is away: {reason}"
