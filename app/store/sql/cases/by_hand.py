"""A case that somebody opens from an account's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.store.sql.cases.opener import Opening
from app.store.sql.reach import in_one

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from app.store.sql.cases.opener import CaseOpener
    from tokens.who import Who

OPENED_RISK: Final = 50.0
"""Of an account that a person finds worth looking at and no decision did: the middle of 0 to 100."""


class OpeningByHand:
    """
    Opens one.

    Args:
        engine: A database at this version's migration.
        opener: `app.composition.cases.Cases.opener`.
    """

    def __init__(self, engine: Engine, opener: CaseOpener) -> None:
        self._engine, self._opener = engine, opener

    def open(self, program_id: str, account_id: str, typology: str, who: Who, now_ms: int) -> str:
        """The id of the account's case, new or the one there was. Raises RecordAway."""
        wanted = Opening(program_id, account_id, "analyst", typology, risk_score=OPENED_RISK)

        def move(connection: Connection) -> str:
            return self._opener.open_for(connection, wanted, who, now_ms)

        return in_one(self._engine, move)
