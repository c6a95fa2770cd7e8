"""The audit by page, filtered, and its newest part verified."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from app.reviewing.auditing import LOOKED_THROUGH, Asked, AuditPage, AuditRow, Chain
from app.store.sql.audit import Audit, Broken
from app.store.sql.reach import reading
from app.store.sql.token_tables import audit

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Engine

AT_ONCE: Final = 1_000
IP_SHOWN: Final = 4
"""Bytes of an address's hash: enough to tell a day's addresses apart."""
_its: Final = audit.c


class SqlAudits:
    """`app.reviewing.auditing.Audits`. Every method raises RecordAway."""

    def __init__(self, engine: Engine, chain: Audit) -> None:
        self._engine, self._chain = engine, chain

    def page(self, asked: Asked, before_seq: int | None, limit: int) -> AuditPage:
        """Rows before a number, newest first; no more than `LOOKED_THROUGH` are looked at."""
        with reading(self._engine) as connection:
            end = before_seq
            if end is None:
                end = (connection.scalar(select(func.max(_its.seq))) or 0) + 1
            floor = max(0, end - LOOKED_THROUGH - 1)
            query = (
                select(audit)
                .where(_its.seq < end, _its.seq > floor, *_wanted(asked))
                .order_by(_its.seq.desc())
                .limit(limit + 1)
            )
            found = [_row(row) for row in connection.execute(query)]
        if len(found) > limit:
            return AuditPage(found[:limit], found[limit - 1].seq, is_short=False)
        return AuditPage(found, floor + 1 if floor else None, is_short=floor > 0)

    def all(self, asked: Asked, most: int) -> Iterator[AuditRow]:
        """Everything asked for, newest first, at most so many."""
        before: int | None = None
        left = most
        while left > 0:
            page = self.page(asked, before, min(AT_ONCE, left))
            yield from page.rows
            left -= len(page.rows)
            if page.next_seq is None:
                return
            before = page.next_seq

    def verify(self, most: int) -> Chain:
        """Read the newest so many rows, and say whether they are as they were written."""
        found = self._chain.verify_newest(self._engine, most)
        with reading(self._engine) as connection:
            there = connection.scalar(select(func.count()).select_from(audit)) or 0
        if isinstance(found, Broken):
            return Chain(0, there, "", f"At row {found.seq}: {found.why}.")
        return Chain(found.rows, there, found.end, "")


def _wanted(asked: Asked) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if asked.programs is not None:
        wanted.append(_its.program_id.in_(sorted(asked.programs)))
    if asked.event.endswith("."):
        wanted.append(func.substr(_its.event, 1, len(asked.event)) == asked.event)
    elif asked.event:
        wanted.append(_its.event == asked.event)
    if asked.subject:
        wanted.append(_its.subject == asked.subject)
    if asked.actor:
        wanted.append(_its.actor == asked.actor)
    if asked.from_ms is not None:
        wanted.append(_its.at_ms >= asked.from_ms)
    if asked.to_ms is not None:
        wanted.append(_its.at_ms < asked.to_ms)
    return wanted


def _row(row: Any) -> AuditRow:
    return AuditRow(
        row.seq, row.at_ms, row.program_id, row.event, row.subject, row.actor, row.ip_hash[:IP_SHOWN].hex(), row.detail
    )  # fmt: skip
