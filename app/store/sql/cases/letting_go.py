"""What one person let go within a day, summed up and noted in the transaction that lets go of more."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from app.cases.letting_go import LOOKED_BACK_MS, LetGoBefore
from app.cases.ports import Case
from app.store.sql.case_tables import case_let_go
from app.store.sql.cases.rows import MOVES


def stand_to_let_go(connection: Connection, program_id: str, actor: str) -> None:
    """From here to the commit nobody else lets anything go in this name: `let_go_before` stays true."""
    MOVES(connection, "let_go_stand", program_id=program_id, actor=actor)


def let_go_before(connection: Connection, case: Case, actor: str, now_ms: int) -> LetGoBefore:
    """What they let go in the last 24 hours."""
    row = MOVES(
        connection, "let_go_sums", program_id=case.program_id, actor=actor, case_id=case.case_id,
        from_ms=now_ms - LOOKED_BACK_MS,
    ).one()  # fmt: skip
    return LetGoBefore(row.of_case, row.in_all)


def note_let_go(connection: Connection, case: Case, actor: str, value_minor: int, now_ms: int) -> None:
    """It counts for the next 24 hours."""
    its = {"program_id": case.program_id, "actor": actor}
    MOVES(connection, "let_go_forget", from_ms=now_ms - LOOKED_BACK_MS, **its)
    row = {**its, "at_ms": now_ms, "case_id": case.case_id, "value_minor": value_minor}
    connection.execute(insert(case_let_go), row)
