"""Labels: what people and systems say of accounts and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import asdict
from sqlalchemy import select

from app.ports.labels import Label
from app.ports.record import Page
from app.store.sql.dialect import insert_new
from app.store.sql.pages import read_page
from app.store.sql.reach import writing
from app.store.sql.tables import labels

if TYPE_CHECKING:
    from sqlalchemy import Engine, Row

_FIELDS: Final = Label.__struct_fields__


class LabelRecord:
    """What was said, part of `SqlRecord`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_label(self, label: Label) -> None:
        """Keep a label; one whose id is known is passed over."""
        with writing(self._engine) as connection:
            insert_new(connection, labels, [asdict(label)])

    def labels(
        self, program_id: str, *, account_id: str | None, limit: int, cursor: str | None
    ) -> Page[Label]:
        """Labels, newest first; with an account those given to it by name. Raises BadCursor."""
        query = select(*(labels.c[name] for name in _FIELDS), labels.c.seq).where(
            labels.c.program_id == program_id
        )
        if account_id is not None:
            query = query.where(labels.c.account_id == account_id)
        newest_first = (labels.c.labelled_ms, labels.c.seq)
        return read_page(
            self._engine, query, sorted_by=newest_first, tag=b"l", limit=limit, cursor=cursor, read=_label
        )


def _label(row: Row[Any]) -> Label:
    return Label(*row[: len(_FIELDS)])
