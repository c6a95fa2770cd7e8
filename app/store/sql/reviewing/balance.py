"""The events of an account that moved points, with the balances told in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, select

from app.reviewing.balance import SIGNS, Moved
from app.settlement import passed, took_place
from app.store.sql.events import WITH_KEY, opened_or_bare
from app.store.sql.reach import reading
from app.store.sql.tables import account_keys, decisions

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.store.sql.account_keys import AccountKeys

_NAMES: Final = (
    "seq", "occurred_ms", "decision_id", "program_id", "account_id", "event_id", "type", "points", "burned", "decision",
    "origin", "outcome", "sealed_event",
)  # fmt: skip
_LATEST: Final = (
    select(*(decisions.c[name] for name in _NAMES), account_keys.c.wrapped_key)
    .select_from(WITH_KEY)
    .where(
        decisions.c.program_id == bindparam("program"),
        decisions.c.account_id == bindparam("account"),
        decisions.c.type.in_(sorted(SIGNS)),
        decisions.c.points.is_not(None),
    )
    .order_by(decisions.c.occurred_ms.desc(), decisions.c.seq.desc())
    .limit(bindparam("most"))
)


class SqlMoves:
    """`app.reviewing.balance.Moves`."""

    def __init__(self, engine: Engine, keys: AccountKeys) -> None:
        self._engine, self._keys = engine, keys

    def moved(self, program_id: str, account_id: str, limit: int) -> Sequence[Moved]:
        """The latest so many events that move points, oldest first. Raises RecordAway."""
        with reading(self._engine) as connection:
            given = {"program": program_id, "account": account_id, "most": limit}
            rows = connection.execute(_LATEST, given).all()
        return [
            Moved(
                row.occurred_ms,
                row.decision_id,
                row.type,
                row.points,
                row.burned is not None
                if row.type == "redeem"
                else took_place(row.outcome, allowed=passed(row.decision, row.origin)),
                opened_or_bare(self._keys, row).balance_before,
            )
            for row in reversed(rows)
        ]
