"""Reading tokens: one, or a page of them, newest first."""

from __future__ import annotations

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, tuple_

from app.store.sql.account_keys import AccountKeys
from app.store.sql.cursor import BadCursor
from app.store.sql.reach import reading
from app.store.sql.token_tables import tokens
from app.store.sql.tokens.rows import SELECT_TOKENS, read_token
from tokens.ledger import Page
from tokens.token import Token

_TAG: Final = b"T"
"""One byte that names this list, so that a cursor of another is refused."""
_LAYOUT: Final = struct.Struct(">cq")

Place = tuple[int, str]
"""Instant of issue, and token id: a token's place in the list."""


def find(engine: Engine, keys: AccountKeys, *conditions: ColumnElement[bool]) -> Token | None:
    """The one token of which these hold. Raises RecordAway."""
    with reading(engine) as connection:
        row = connection.execute(SELECT_TOKENS.where(*conditions)).one_or_none()
    return None if row is None else read_token(keys, row)


def read_tokens(
    engine: Engine, keys: AccountKeys, conditions: list[ColumnElement[bool]], limit: int, cursor: str | None
) -> Page:
    """
    The tokens of which these hold after the cursor, at most `limit` (1 or more).

    Raises:
        BadCursor: The cursor is none of this list.
        RecordAway: The database did not answer.
    """
    at = tuple_(tokens.c.issued_ms, tokens.c.token_id)
    query = SELECT_TOKENS.where(*conditions)
    if cursor is not None:
        query = query.where(at < tuple_(*read_place(cursor)))
    query = query.order_by(tokens.c.issued_ms.desc(), tokens.c.token_id.desc()).limit(limit + 1)
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    items = [read_token(keys, row) for row in rows[:limit]]
    more: Any = rows[limit - 1] if len(rows) > limit else None
    return Page(items, None if more is None else write_place(more.issued_ms, more.token_id))


def write_place(issued_ms: int, token_id: str) -> str:
    """The cursor that continues after this token."""
    return urlsafe_b64encode(_LAYOUT.pack(_TAG, issued_ms) + token_id.encode()).rstrip(b"=").decode()


def read_place(cursor: str) -> Place:
    """Where to continue. Raises BadCursor."""
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        tag, issued_ms = _LAYOUT.unpack_from(raw)
        token_id = raw[_LAYOUT.size :].decode()
    except (ValueError, struct.error) as error:
        raise BadCursor(cursor) from error
    if tag != _TAG or "\0" in token_id or write_place(issued_ms, token_id) != cursor:
        raise BadCursor(cursor)
    return issued_ms, token_id
