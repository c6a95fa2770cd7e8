"""Atomic moves, and transactions repeated when another one was first."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from app.ports import RecordAway
from app.store.sql.reach import writing
from app.store.sql.statement import Statement

TRIES: Final = 4
"""Transactions beaten by another one are repeated; each time another one has made its way."""
_DEADLOCK: Final = "40P01"
"""PostgreSQL's SQLSTATE for the transaction it gave up so that others could go on."""

T = TypeVar("T")


class Move(Statement):
    """A statement of `moves/`."""

    def __init__(self, name: str) -> None:
        super().__init__(files(__package__) / "moves", name)


def in_one(engine: Engine, move: Callable[[Connection], T]) -> T:
    """
    What `move` returns, run in one transaction; repeated where another one was first with a unique row or got hold of
    our rows the other way round.

    Raises:
        RecordAway: Nothing was done.
        IntegrityError: A unique value is taken however often we look.
    """
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
