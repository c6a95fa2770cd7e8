"""Tokens whose end is a decision's outcome: which of them are still to be told, and which are done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Engine

from app.redeeming.completing import Ended
from app.store.sql.reach import in_one, reading
from app.store.sql.tokens.rows import MOVES

_ENDED: Final = MOVES["ended"]
_SETTLE: Final = MOVES["settle"]


class SqlCompletions:
    """`app.redeeming.completing.Completions`. Every method raises RecordAway."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ended(self, most: int) -> Sequence[Ended]:
        """Tokens that ended and are not settled, longest ended first, with the outcome the record has."""
        with reading(self._engine) as connection:
            rows = _ENDED.run(connection, {"most": most}).all()
        return [
            Ended(
                token_id=row.token_id,
                program_id=row.program_id,
                decision_id=row.settles,
                spent=row.state == "redeemed",
                recorded=row.decision_id is not None,
                outcome=row.outcome,
                ended_ms=row.ended_ms,
            )
            for row in rows
        ]

    def settle(self, token_ids: Sequence[str], now_ms: int) -> None:
        """Note that nothing is left to tell of these."""
        rows = [{"token_id": token_id, "now_ms": now_ms} for token_id in sorted(token_ids)]
        in_one(self._engine, lambda connection: _SETTLE.run_many(connection, rows))
