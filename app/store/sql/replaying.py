"""The journal read back from the record, a stretch at a time, so that its length costs no memory."""

from __future__ import annotations

from heapq import merge
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import bindparam, select

from app.ports.journal import Decided, HoldEnded, LinkFound, OutcomeTold, StepUpPassed
from app.store.sql.events import WITH_KEY, opened_or_bare
from app.store.sql.reach import reading
from app.store.sql.tables import account_keys, decisions, head, hold_ends, holds, outcomes, step_ups

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine, Row

    from app.ports.journal import JournalEntry
    from app.store.sql.account_keys import AccountKeys

STRETCH: Final = 1_000
"""Sequence numbers read at once: about 2 MB, and no transaction stays open while the caller works on them."""

_decode_links: Final = msgspec.msgpack.Decoder(tuple[LinkFound, ...]).decode

_DECISIONS: Final = (
    select(decisions, account_keys.c.wrapped_key, holds.c.planned)
    .select_from(
        WITH_KEY.outerjoin(
            holds,
            (holds.c.program_id == decisions.c.program_id) & (holds.c.decision_id == decisions.c.decision_id),
        )
    )
    .where(decisions.c.seq > bindparam("after"), decisions.c.seq <= bindparam("upto"))
    .order_by(decisions.c.seq)
)
_OUTCOMES: Final = (
    select(outcomes)
    .where(outcomes.c.seq > bindparam("after"), outcomes.c.seq <= bindparam("upto"))
    .order_by(outcomes.c.seq)
)
_STEP_UPS: Final = (
    select(step_ups)
    .where(step_ups.c.seq > bindparam("after"), step_ups.c.seq <= bindparam("upto"))
    .order_by(step_ups.c.seq)
)
_HOLD_ENDS: Final = (
    select(hold_ends)
    .where(hold_ends.c.seq > bindparam("after"), hold_ends.c.seq <= bindparam("upto"))
    .order_by(hold_ends.c.seq)
)


def replay(engine: Engine, keys: AccountKeys) -> Iterator[tuple[JournalEntry, int]]:
    """
    Every entry with its sequence number, in the order written, those included that are written meanwhile.

    Decisions come as journalled, whatever outcomes or a passed challenge did to them since: those follow in their
    place. Of events that were erased only ids, type, instant and points are left.

    Raises:
        RecordAway: The database did not answer; start again.
        SealBroken: A row was tampered with, or the service's key is another one.
    """
    after = 0
    while True:
        with reading(engine) as connection:
            end = connection.execute(select(head.c.seq)).scalar_one()
            span = {"after": after, "upto": min(after + STRETCH, end)}
            decided = connection.execute(_DECISIONS, span).all()
            told = connection.execute(_OUTCOMES, span).all()
            passed = connection.execute(_STEP_UPS, span).all()
            ended = connection.execute(_HOLD_ENDS, span).all()
        if after >= end:
            return
        yield from merge(
            _decisions(keys, decided),
            _entries(OutcomeTold, told),
            _entries(StepUpPassed, passed),
            _entries(HoldEnded, ended),
            key=itemgetter(1),
        )
        after = span["upto"]


def _decisions(keys: AccountKeys, rows: Sequence[Row[Any]]) -> Iterator[tuple[JournalEntry, int]]:
    for row in rows:
        yield _decided(keys, row), row.seq


def _entries(
    kind: type[OutcomeTold | StepUpPassed | HoldEnded], rows: Sequence[Row[Any]]
) -> Iterator[tuple[JournalEntry, int]]:
    for row in rows:
        told = row._asdict()
        seq = told.pop("seq")
        told["reserved"] = told["reserved"] or b""
        yield kind(**told), seq


def _decided(keys: AccountKeys, row: Row[Any]) -> Decided:
    return Decided(
        decision_id=row.decision_id,
        event=opened_or_bare(keys, row),
        body_hash=row.body_hash,
        answer=row.answer,
        origin=row.origin,
        received_ms=row.received_ms,
        decision=row.decision if row.passed_ms is None else "challenge",
        shadow_decision=row.shadow_decision,
        risk_score=row.risk_score,
        source=row.source,
        policy_version=row.policy_version,
        model_version=row.model_version,
        burned=row.burned_at_decision if row.passed_ms is None and row.hold_end is None else None,
        links=_decode_links(row.links) if row.links else (),
        found=row.found,
        vector=row.vector or b"",
        account_key=row.account_key,
        reserved=row.reserved or b"",
        hold=None if row.planned is None else (row.hold_until_ms, row.planned),
    )
