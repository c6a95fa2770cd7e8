"""The texts of the policies that decided, so that a decision can be explained under its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.store.sql.dialect import insert_new
from app.store.sql.reach import reading, writing
from app.store.sql.tables import policies

if TYPE_CHECKING:
    from sqlalchemy import Engine


class PolicyRecord:
    """What policies said, part of `SqlRecord`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep_policy(self, version: str, text: str, now_ms: int) -> None:
        """Keep the text of a policy file under its version; a version known already is passed over."""
        with writing(self._engine) as connection:
            insert_new(connection, policies, [{"version": version, "text": text, "kept_ms": now_ms}])

    def policy(self, version: str) -> str | None:
        """The text kept under that version."""
        with reading(self._engine) as connection:
            return connection.scalar(select(policies.c.text).where(policies.c.version == version))
