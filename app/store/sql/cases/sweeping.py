"""What time does to cases: leases end, waiting cases come back, holds end as the policy says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.cases.ports import SYSTEM, Case
from app.cases.states import MoveName, after
from app.store.sql.case_tables import cases
from app.store.sql.cases.rows import CASE, case_of
from app.store.sql.cases.writing import Kept, Writing
from app.store.sql.reach import in_one, reading

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

Released = Callable[["Connection", Case, int], None]
"""Told in the same transaction of a case whose hold ended with a release: connection, case, instant in milliseconds."""


class SqlCaseSweep:
    """
    Moves cases whose instant has come.

    Args:
        engine: A database at this version's migration.
        kept: What changes of cases need.
        released: Told of holds that end with a release.
    """

    def __init__(self, engine: Engine, kept: Kept, released: Sequence[Released] = ()) -> None:
        self._engine, self._kept, self._released = engine, kept, tuple(released)

    def leases(self, now_ms: int, most: int) -> int:
        """Claims that nobody renewed: the cases are free. How many. Raises RecordAway."""
        return self._sweep("lease_ms", self._expire, now_ms, most)

    def wakes(self, now_ms: int, most: int) -> int:
        """Waiting cases whose instant has come are in the queue again. How many. Raises RecordAway."""
        return self._sweep("wake_ms", self._wake, now_ms, most)

    def holds(self, now_ms: int, most: int) -> int:
        """Holds that end: of little value they let go, of more a senior decides. How many. Raises RecordAway."""
        return self._sweep("hold_ms", self._end_hold, now_ms, most)

    def _sweep(self, column: str, move: Callable[[Writing, Case], None], now_ms: int, most: int) -> int:
        due = cases.c[column] <= now_ms
        with reading(self._engine) as connection:
            if connection.execute(select(cases.c.seq).where(due).limit(1)).first() is None:
                return 0
        return in_one(self._engine, partial(self._swept, column=column, move=move, now_ms=now_ms, most=most))

    def _swept(
        self,
        connection: Connection,
        column: str,
        move: Callable[[Writing, Case], None],
        now_ms: int,
        most: int,
    ) -> int:
        query = select(*CASE).where(cases.c[column] <= now_ms).order_by(cases.c[column]).limit(most)
        found = [case_of(row) for row in connection.execute(query.with_for_update(skip_locked=True))]
        writing = Writing(connection, self._kept, SYSTEM, now_ms)
        for case in found:
            move(writing, case)
        writing.end()
        return len(found)

    def _expire(self, writing: Writing, case: Case) -> None:
        self._moved(writing, case, "expire", {"assignee": None, "lease_ms": None})

    def _wake(self, writing: Writing, case: Case) -> None:
        self._moved(writing, case, "wake", {"waiting_for": None, "wake_ms": None})

    def _end_hold(self, writing: Writing, case: Case) -> None:
        end = self._kept.holds(case.program_id).end(case.points, case.value_minor)
        if end == "released" and case.state != "approval":
            fields = {
                "resolution": "inconclusive", "closed_ms": writing.now_ms, "closed_by": writing.who.actor,
                "hold_ms": None, "assignee": None, "lease_ms": None, "waiting_for": None, "wake_ms": None,
            }  # fmt: skip
            self._moved(writing, case, "release", fields, {"value_minor": case.value_minor})
            for told in self._released:
                told(writing.connection, case, writing.now_ms)
        elif case.state == "escalated":
            writing.move(case, "hold", {"hold_ms": None}, {"until": None})
        else:
            fields = {
                "hold_ms": None, "escalated": True, "assignee": None, "lease_ms": None, "waiting_for": None,
                "wake_ms": None, "proposal": None, "proposed": None, "proposed_by": None,
            }  # fmt: skip
            self._moved(writing, case, "escalate", fields, {"hold_ended": True})

    def _moved(
        self,
        writing: Writing,
        case: Case,
        move: MoveName,
        fields: Mapping[str, Any],
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        to = after(case.state, move, escalated=case.escalated) or case.state
        writing.move(case, move, {"state": to, **fields}, detail or {})
