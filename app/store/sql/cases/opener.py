"""Opening a case together with what causes it, in the cause's own transaction."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from app.cases.flags import Figures
from app.cases.ports import Cause
from app.store.sql.cases.joining import Arrival, Joining
from app.store.sql.cases.writing import Kept, Writing
from tokens.who import Who

DISPUTED_RISK = 90.0
"""Of a redemption that the member says was not theirs: most such words are true, some are regret (docs/cases.md)."""


class Opening(NamedTuple):
    """
    Why a case is wanted.

    cause:      `dispute`, `token`, `backend`, `analyst`.
    typology:   what it looks like.
    points:     at stake.
    risk_score: 0 to 100.
    reasons:    reason codes, the weightiest first.
    held_ms:    until when points are held for it; None: they are not.
    """

    program_id: str
    account_id: str
    cause: Cause
    typology: str
    points: int = 0
    risk_score: float = DISPUTED_RISK
    reasons: tuple[str, ...] = ()
    held_ms: int | None = None


class CaseOpener:
    """
    Opens a case for an account, or extends the one there is.

    Args:
        kept: What changes of cases need.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def open_for(self, connection: Connection, opening: Opening, who: Who, now_ms: int) -> str:
        """
        The id of the account's case, new or not. The audit is written: call it last in the transaction, and run that
        by `app.store.sql.reach.in_one`.

        Raises:
            IntegrityError: Another has just opened one; `in_one` then does it all again.
        """
        figures = Figures(
            risk_score=opening.risk_score,
            spent_points=opening.points,
            typology=opening.typology,
            reasons=opening.reasons,
        )
        arrival = Arrival(opening.account_id, opening.cause, figures, held_ms=opening.held_ms)
        writing = Writing(connection, self._kept, who, now_ms)
        taken = Joining(writing, opening.program_id).take({opening.account_id: arrival})
        writing.end()
        return taken[opening.account_id]
