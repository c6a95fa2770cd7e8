"""A passed challenge taken into the record: once, and the decision allows from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import BindParameter, Boolean, bindparam, case, select, update

from app.store.sql.dialect import insert_new
from app.store.sql.tables import decisions, step_ups

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from app.ports.journal import StepUpPassed

_BURNS: Final[BindParameter[bool]] = bindparam("burns", type_=Boolean())
_ALLOW: Final = (
    update(decisions)
    .where(
        decisions.c.decision_id == bindparam("which"),
        decisions.c.program_id == bindparam("program"),
        decisions.c.passed_ms.is_(None),
    )
    .values(
        decision="allow",
        passed_ms=bindparam("at_ms"),
        passed_method=bindparam("by"),
        burned_at_decision=case((_BURNS, decisions.c.points), else_=decisions.c.burned_at_decision),
        burned=case((_BURNS, decisions.c.points), else_=decisions.c.burned),
    )
    .returning(decisions.c.seq)
)


def keep_passed(
    connection: Connection, base: int, passed: Mapping[int, StepUpPassed]
) -> Sequence[StepUpPassed]:
    """
    Write the passes and let their decisions allow; those that were not written before.

    What a redemption burned by it is put where outcomes begin to count from, since they may follow in the same batch.
    """
    insert_new(
        connection,
        step_ups,
        [{"seq": seq, **msgspec.structs.asdict(entry)} for seq, entry in passed.items()],
    )
    inserted = connection.scalars(select(step_ups.c.seq).where(step_ups.c.seq > base)).all()
    written = []
    for entry in [passed[seq] for seq in sorted(inserted)]:
        values = {
            "which": entry.decision_id,
            "program": entry.program_id,
            "at_ms": entry.passed_ms,
            "by": entry.method,
            "burns": entry.effect == "burn",
        }
        if connection.execute(_ALLOW, values).first() is not None:
            written.append(entry)
    return written
