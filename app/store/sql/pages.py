"""One page of a list, newest first, by key and never by offset: rows that arrive meanwhile move nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import tuple_

from app.ports.record import Page
from app.store.sql.cursor import Position, read_cursor, write_cursor
from app.store.sql.reach import reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Engine, Row, Select

T = TypeVar("T")


def read_page(
    engine: Engine,
    query: Select[Any],
    *,
    sorted_by: tuple[ColumnElement[int], ColumnElement[int]],
    tag: bytes,
    limit: int,
    cursor: str | None,
    read: Callable[[Row[Any]], T],
) -> Page[T]:
    """
    The rows after the cursor, at most `limit` (1 or more), newest first.

    Args:
        engine: Where to read.
        query: The rows of the whole list; it selects both columns of `sorted_by`.
        sorted_by: Instant and sequence number; together unique and covered by an index.
        tag: One byte naming the list, so that a cursor of another is refused.
        limit: Rows wanted.
        cursor: Where the page before ended; None for the first.
        read: Makes an item of a row.

    Raises:
        BadCursor: The cursor is none of this list.
        RecordAway: The database did not answer.
    """
    after = read_cursor(tag, cursor)
    at, seq = sorted_by
    wanted = query.where(tuple_(at, seq) < tuple_(after.at_ms, after.seq)).order_by(at.desc(), seq.desc())
    with reading(engine) as connection:
        rows = connection.execute(wanted.limit(limit + 1)).all()
    items = [read(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return Page(items, None)
    last = rows[limit - 1]._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    return Page(items, write_cursor(tag, Position(last[at], last[seq])))
