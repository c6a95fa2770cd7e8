"""What a model learns from the record: the vectors events were scored with, and which of them people called fraud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, func, select

from app.store.sql.reach import reading
from app.store.sql.tables import account_keys, decisions, labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine

STRETCH: Final = 10_000
"""Vectors read at once: some 3 MB; no transaction stays open while the caller works on them."""
DAY_MS: Final = 86_400_000


class Scored(NamedTuple):
    """One event as it was scored. `vector` as `detectors.forest.features` packed it, perhaps in another version."""

    seq: int
    program_id: str
    event_id: str
    account_id: str
    type: str
    occurred_ms: int
    vector: bytes


class Day(NamedTuple):
    """How many events happened on a day (UTC), and the instants of the first and the last."""

    events: int
    first_ms: int
    last_ms: int


_HELD: Final = (account_keys.c.program_id == decisions.c.program_id) & (
    account_keys.c.account_id == decisions.c.account_id
)
_SCORED: Final = (
    select(*(decisions.c[name] for name in Scored._fields))
    .join_from(decisions, account_keys, _HELD & (account_keys.c.key_id == decisions.c.key_id))
    .where(decisions.c.seq > bindparam("after"), decisions.c.vector.is_not(None))
    .order_by(decisions.c.seq)
    .limit(STRETCH)
)
"""Members who were erased are not learned from."""
_DAY: Final = decisions.c.occurred_ms // DAY_MS
_DAYS: Final = (
    select(func.count(), func.min(decisions.c.occurred_ms), func.max(decisions.c.occurred_ms))
    .where(decisions.c.occurred_ms < bindparam("before"))
    .group_by(_DAY)
    .order_by(_DAY)
)
_LABELS: Final = select(labels.c.program_id, labels.c.account_id, labels.c.event_id, labels.c.label).order_by(
    labels.c.labelled_ms, labels.c.seq
)


class VectorRecord:
    """
    The record as training reads it. Nothing is written.

    Every method raises RecordAway where the database does not answer or is not migrated.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def days(self, before_ms: int) -> Sequence[Day]:
        """Every day with events before an instant, in order."""
        with reading(self._engine) as connection:
            return [Day(*row) for row in connection.execute(_DAYS, {"before": before_ms})]

    def scored(self) -> Iterator[Sequence[Scored]]:
        """Every event that was scored, in the order decided, some thousands at a time."""
        after = 0
        while True:
            with reading(self._engine) as connection:
                found = [Scored(*row) for row in connection.execute(_SCORED, {"after": after})]
            if not found:
                return
            yield found
            after = found[-1].seq

    def labelled(self, label: str) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """Programme and event, programme and account of whatever last got this label."""
        last: dict[tuple[str, str, str], str] = {}
        with reading(self._engine) as connection:
            for row in connection.execute(_LABELS):
                target = ("event", row.event_id) if row.event_id is not None else ("account", row.account_id)
                last[row.program_id, *target] = row.label
        held = [key for key, said in last.items() if said == label]
        events = {(program, name) for program, kind, name in held if kind == "event"}
        return events, {(program, name) for program, kind, name in held if kind == "account"}
