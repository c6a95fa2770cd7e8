"""The allow, block and watch lists. The value of an entry is personal data and is stored sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict
from sqlalchemy import delete, literal_column, or_, select

from app.ports.lists import ListEntry, ListName
from app.ports.record import Page
from app.seal import Seal, place
from app.store.sql.dialect import insert_new
from app.store.sql.pages import read_page
from app.store.sql.reach import reading, writing
from app.store.sql.tables import list_entries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine, Row


class ListRecord:
    """What is listed, part of `SqlRecord`."""

    def __init__(self, engine: Engine, seal: Seal) -> None:
        self._engine = engine
        self._seal = seal

    def add_list_entry(self, entry: ListEntry) -> None:
        """Keep an entry; one whose id is known is passed over."""
        row = list_row(entry, self._seal)
        with writing(self._engine) as connection:
            insert_new(connection, list_entries, [row])

    def remove_list_entry(self, program_id: str, list_name: ListName, entry_id: str) -> bool:
        """Take an entry out; False where it is not in that list."""
        with writing(self._engine) as connection:
            removed = connection.execute(
                delete(list_entries).where(
                    list_entries.c.entry_id == entry_id,
                    list_entries.c.program_id == program_id,
                    list_entries.c.list == list_name,
                )
            ).rowcount
        return removed > 0

    def list_entries(
        self, program_id: str, list_name: ListName, *, limit: int, cursor: str | None
    ) -> Page[ListEntry]:
        """A list's entries, expired ones included, newest first. Raises BadCursor and SealBroken."""
        query = select(list_entries).where(
            list_entries.c.program_id == program_id, list_entries.c.list == list_name
        )
        newest_first = (list_entries.c.created_ms, list_entries.c.seq)
        return read_page(
            self._engine,
            query,
            sorted_by=newest_first,
            tag=b"e",
            limit=limit,
            cursor=cursor,
            read=self._unsealed,
        )

    def live_list_entries(self, now_ms: int) -> Sequence[ListEntry]:
        """
        All entries of all programmes that have not expired, oldest first, with "" for their values: events are
        compared by digest, and unsealing thousands of values at every change would hold decisions up.
        """
        query = (
            select(*_OPEN)
            .where(or_(list_entries.c.expires_ms.is_(None), list_entries.c.expires_ms > now_ms))
            .order_by(list_entries.c.seq)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [ListEntry(*row) for row in rows]

    def _unsealed(self, row: Row[Any]) -> ListEntry:
        value = self._seal.open(row.sealed_value, _place(row.program_id, row.entry_id)).decode()
        return ListEntry(
            entry_id=row.entry_id,
            program_id=row.program_id,
            list=row.list,
            kind=row.kind,
            value=value,
            digest=row.digest,
            reason=row.reason,
            author=row.author,
            created_ms=row.created_ms,
            expires_ms=row.expires_ms,
        )


_OPEN = [
    literal_column("''") if name == "value" else list_entries.c[name] for name in ListEntry.__struct_fields__
]
"""The fields of a `ListEntry` in their order, an empty text in place of the value."""


def list_row(entry: ListEntry, seal: Seal) -> dict[str, Any]:
    """An entry as a row: its value sealed."""
    values = asdict(entry)
    sealed = seal.seal(values.pop("value").encode(), _place(entry.program_id, entry.entry_id))
    return {**values, "sealed_value": sealed}


def value_of(sealed: bytes, program_id: str, entry_id: str, seal: Seal) -> str:
    """What the entry is of, in clear."""
    return seal.open(sealed, _place(program_id, entry_id)).decode()


def _place(program_id: str, entry_id: str) -> bytes:
    return place("list entry", program_id, entry_id)
