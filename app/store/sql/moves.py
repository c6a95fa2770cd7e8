"""Atomic moves as SQL in files of their own, each with its contract in line one: one text for both databases."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, text

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, TextClause

_COMMENT: Final = re.compile(r"^\s*--.*$", re.MULTILINE)
"""Taken off: a colon in it would be read as a parameter."""
_ROW_LOCK: Final = re.compile(r"\bFOR UPDATE(?: SKIP LOCKED)?\b")
"""SQLite knows none and needs none: a transaction that writes has the whole file to itself."""


class Moves:
    """
    The moves in a folder of a package.

    Args:
        package: Dotted name.
        folder: In it, with a file `<name>.sql` for each move.
    """

    def __init__(self, package: str, folder: str) -> None:
        self._folder = files(package) / folder
        self._read = lru_cache(maxsize=None)(self._parse)

    def __call__(self, connection: Connection, name: str, **values: Any) -> CursorResult[Any]:
        """Run one; a list among the values is for `IN :name`."""
        lists = tuple(sorted(key for key, value in values.items() if isinstance(value, list)))
        return connection.execute(self._read(name, connection.dialect.name, lists), values)

    def _parse(self, name: str, dialect: str, lists: tuple[str, ...]) -> TextClause:
        sql = _COMMENT.sub("", (self._folder / f"{name}.sql").read_text(encoding="utf-8"))
        if dialect == "sqlite":
            sql = _ROW_LOCK.sub("", sql)
        return text(sql.strip()).bindparams(*[bindparam(key, expanding=True) for key in lists])
