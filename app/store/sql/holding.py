"""Held points in the record: which holds are due, and how those ended that nobody decided on, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import Boolean, bindparam, case, select, update

from app.capping.ending import Due
from app.ports.rows import DecisionRow
from app.store.sql.dialect import insert_new
from app.store.sql.reach import in_one, reading
from app.store.sql.tables import decisions, hold_ends, holds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from app.ports.journal import Decided, HoldEnded

_FIELDS: Final = DecisionRow.__struct_fields__
_SAME: Final = (holds.c.program_id == decisions.c.program_id) & (
    holds.c.decision_id == decisions.c.decision_id
)
_DUE: Final = (
    select(*(decisions.c[name] for name in _FIELDS), holds.c.planned)
    .join_from(holds, decisions, _SAME)
    .where(holds.c.due_ms <= bindparam("now_ms"))
    .order_by(holds.c.due_ms)
    .limit(bindparam("most"))
)
_OVER: Final = (
    update(holds)
    .where(holds.c.program_id == bindparam("program"), holds.c.decision_id == bindparam("which"))
    .values(due_ms=None)
)
_BURNS: Final = bindparam("burns", type_=Boolean())
_END: Final = (
    update(decisions)
    .where(
        decisions.c.decision_id == bindparam("which"),
        decisions.c.program_id == bindparam("program"),
        decisions.c.hold_end.is_(None),
    )
    .values(
        hold_end=bindparam("how"),
        hold_ended_ms=bindparam("at_ms"),
        burned_at_decision=case((_BURNS, decisions.c.points), else_=decisions.c.burned_at_decision),
        burned=case((_BURNS, decisions.c.points), else_=decisions.c.burned),
    )
    .returning(decisions.c.seq)
)


def keep_holds(connection: Connection, written: Sequence[Decided]) -> None:
    """Note until when these decisions hold points, those that do."""
    rows = [
        {
            "program_id": entry.event.program_id,
            "decision_id": entry.decision_id,
            "due_ms": entry.hold[0],
            "planned": entry.hold[1],
        }
        for entry in written
        if entry.hold is not None
    ]
    if rows:
        insert_new(connection, holds, rows)


def keep_ends(connection: Connection, base: int, ended: Mapping[int, HoldEnded]) -> Sequence[HoldEnded]:
    """Write the ends and let their decisions say so; those that were not written before."""
    insert_new(
        connection, hold_ends, [{"seq": seq, **msgspec.structs.asdict(entry)} for seq, entry in ended.items()]
    )
    inserted = connection.scalars(select(hold_ends.c.seq).where(hold_ends.c.seq > base)).all()
    written = []
    for entry in [ended[seq] for seq in sorted(inserted)]:
        which = {"which": entry.decision_id, "program": entry.program_id}
        values = {"how": entry.how, "at_ms": entry.ended_ms, "burns": entry.effect == "burn"}
        if connection.execute(_END, which | values).first() is not None:
            connection.execute(_OVER, which)
            written.append(entry)
    return written


class SqlHolds:
    """`app.capping.ending.Holds`. Every method raises RecordAway."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(self, now_ms: int, most: int) -> Sequence[Due]:
        """Holds whose time is over, the longest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(_DUE, {"now_ms": now_ms, "most": most}).all()
        return [Due(DecisionRow(*row[: len(_FIELDS)]), row.planned) for row in rows]

    def over(self, due: Sequence[Due]) -> None:
        """Somebody decided on these before their time was over."""
        values = [{"program": one.row.program_id, "which": one.row.decision_id} for one in due]
        if values:
            in_one(self._engine, lambda connection: connection.execute(_OVER, values))
