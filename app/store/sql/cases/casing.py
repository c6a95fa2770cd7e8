"""From the record to cases: newly recorded decisions, each once, into the case of their account or ring."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from app.cases.flags import Figures, Flag, opens, said, stakes, with_flag
from app.cases.ports import SYSTEM
from app.ports.record import EventErased
from app.store.sql.cases.joining import Arrival, Joining
from app.store.sql.cases.rows import MOVES
from app.store.sql.cases.writing import Kept, Writing
from app.store.sql.events import WITH_KEY, opened
from app.store.sql.reach import in_one, reading
from app.store.sql.tables import account_keys, decisions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

NOTE_EVERY: Final = 20_000
"""Numbers passed over with nothing for a case before that is written down: they are read again after a stop, in half a
second, and an honest day costs the database no commits."""
LOOKED_AT: Final = 5_000
"""Numbers looked through in one step, a busy second's: 2 ms where none is flagged (`python -m benchmarks.cases`)."""
_FLAGGED: Final = (
    select(
        *(
            decisions.c[name]
            for name in (
                "seq", "decision_id", "program_id", "event_id", "account_id", "account_key", "type", "occurred_ms",
                "received_ms", "decision", "risk_score", "source", "answer", "key_id", "sealed_event",
            )
        ),
        account_keys.c.wrapped_key,
    )
    .select_from(WITH_KEY)
    .where(decisions.c.decision != "allow")
    .order_by(decisions.c.seq)
)  # fmt: skip


class SqlCasing:
    """
    Opens cases. Any number of workers may: one at a time holds the place where decisions are read.

    Where the place stands is written in the transaction of the cases, so that a stop anywhere neither loses a decision
    nor takes it in twice.
    """

    def __init__(self, engine: Engine, kept: Kept) -> None:
        self._engine, self._kept = engine, kept
        self._passed_over = 0

    def step(self, now_ms: int, limit: int) -> int:
        """
        Read on, by at most `limit` decisions that nobody simply allowed; how many numbers of the record are left.

        Raises:
            RecordAway: Nothing was taken in.
        """
        with reading(self._engine) as connection:
            place = MOVES(connection, "behind").one()
            after = max(place.seq, self._passed_over)
            upto = min(place.last, after + LOOKED_AT)
            rows = self._rows(connection, after, upto, limit) if upto > after else []
        if len(rows) == limit:
            upto = rows[-1].seq
        flags = [flag for row in rows if (flag := self._flag(row)) is not None]
        if flags or upto - place.seq >= NOTE_EVERY:
            in_one(self._engine, partial(self._take, flags=flags, upto=upto, now_ms=now_ms))
        self._passed_over = upto
        return int(place.last - upto)

    def _rows(self, connection: Connection, after: int, upto: int, limit: int) -> Sequence[Any]:
        some = _FLAGGED.where(decisions.c.seq > after, decisions.c.seq <= upto).limit(limit)
        return connection.execute(some).all()

    def _flag(self, row: Any) -> Flag | None:
        terms, answer = self._kept.terms(row.program_id), said(row.answer)
        late_ms = row.received_ms - row.occurred_ms
        if not opens(
            terms,
            type_=row.type,
            decision=row.decision,
            source=row.source,
            codes=answer.codes,
            late_ms=late_ms,
        ):
            return None
        try:
            event = opened(self._kept.keys, row)
        except EventErased:
            return None
        gained, spent = stakes(event)
        return Flag(
            row.seq, row.decision_id, row.program_id, row.account_id, row.account_key, row.type, row.occurred_ms,
            row.decision, row.risk_score, answer.codes, gained, spent, answer.held_ms, event.partner_id, event.store_id,
        )  # fmt: skip

    def _take(self, connection: Connection, flags: Sequence[Flag], upto: int, now_ms: int) -> None:
        done: int = MOVES(connection, "stand").scalar_one()
        by_program: dict[str, dict[str, list[Flag]]] = {}
        for flag in flags:
            if flag.seq > done:  # another worker may have been here
                by_program.setdefault(flag.program_id, {}).setdefault(flag.account_id, []).append(flag)
        writing = Writing(connection, self._kept, SYSTEM, now_ms)
        for program_id, accounts in sorted(by_program.items()):
            Joining(writing, program_id).take(
                {name: _arrival(found, now_ms) for name, found in accounts.items()}
            )
        if upto > done:
            MOVES(connection, "advance", seq=upto)
        writing.end()


def _arrival(flags: Sequence[Flag], now_ms: int) -> Arrival:
    figures = Figures()
    for flag in flags:
        figures = with_flag(figures, flag)
    held = [flag.held_ms for flag in flags if flag.held_ms is not None and flag.held_ms > now_ms]
    return Arrival(flags[0].account_id, "decision", figures, tuple(flags), min(held, default=None))
