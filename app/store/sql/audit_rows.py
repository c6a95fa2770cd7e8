"""The audit as read by a person: its newest rows, the mac of one to compare with a note taken elsewhere, and noting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Engine, select

from app.store.sql.audit import Audit, Entry
from app.store.sql.reach import reading, writing
from app.store.sql.token_tables import audit
from tokens.who import Who


class Noted(NamedTuple):
    """An entry and its place in the chain."""

    seq: int
    entry: Entry


def newest(engine: Engine, limit: int, subject: str | None = None) -> Sequence[Noted]:
    """The newest entries, newest first; of one subject where it is named. Raises RecordAway."""
    wanted = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if subject is not None:
        wanted = wanted.where(audit.c.subject == subject)
    with reading(engine) as connection:
        rows = connection.execute(wanted).all()
    return [Noted(seq, Entry(*fields)) for seq, *fields, _mac in rows]


def mac_of(engine: Engine, seq: int) -> bytes | None:
    """What stands in a row as its mac; None where there is no such row. Raises RecordAway."""
    with reading(engine) as connection:
        mac: bytes | None = connection.execute(select(audit.c.mac).where(audit.c.seq == seq)).scalar()
    return mac


class SqlNoting:
    """`app.reviewing.noting.Noting`."""

    def __init__(self, engine: Engine, chain: Audit) -> None:
        self._engine, self._chain = engine, chain

    def note(self, now_ms: int, program_id: str, event: str, subject: str, who: Who, detail: str) -> None:
        """Append an entry. Raises RecordAway."""
        with writing(self._engine) as connection:
            self._chain.append(connection, [Entry(now_ms, program_id, event, subject, *who, detail)])
