"""Lists and shared contexts as the console shows them, and what an entry would have touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, or_, select

from app.reviewing.listed import (
    REACH_MOST,
    REACH_MS,
    SOON_MS,
    Chosen,
    Entry,
    Reach,
    Shelf,
    list_of,
    masked_value,
)
from app.seal import Seal, place
from app.store.sql.feedback_tables import shared_contexts
from app.store.sql.figure_tables import identifier_uses
from app.store.sql.heard import context_place
from app.store.sql.pages import read_page
from app.store.sql.reach import reading
from app.store.sql.reviewing.scoping import of_place
from app.store.sql.tables import decisions, list_entries

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Engine, Row, Table

    from app.ports.record import Page
    from app.users.rights import Scope

_TAGS: Final[dict[Shelf, bytes]] = {"block": b"B", "allow": b"A", "watch": b"W", "contexts": b"C"}


class SqlListed:
    """`app.reviewing.listed.Listed`. Every method raises RecordAway."""

    def __init__(self, engine: Engine, seal: Seal) -> None:
        self._engine, self._seal = engine, seal

    def entries(
        self, program_id: str, chosen: Chosen, *, now_ms: int, limit: int, cursor: str | None
    ) -> Page[Entry]:
        """One page, newest first. Raises BadCursor."""
        table = _table(chosen.shelf)
        wanted = [_of(table, program_id, chosen.shelf), _lasts(table, chosen, now_ms)]
        if chosen.kind:
            wanted.append(table.c.kind == chosen.kind)
        if chosen.author:
            wanted.append(table.c.author == chosen.author)
        return read_page(
            self._engine,
            select(table).where(*wanted),
            sorted_by=(table.c.created_ms, table.c.seq),
            tag=_TAGS[chosen.shelf],
            limit=limit,
            cursor=cursor,
            read=lambda row: self._entry(chosen.shelf, row),
        )

    def counts(self, program_id: str, now_ms: int) -> dict[Shelf, int]:
        """How many live entries each list has."""
        names: dict[str, Shelf] = {"block": "block", "allow": "allow", "watch": "watch"}
        its, there = list_entries.c, shared_contexts.c
        lists = (
            select(its.list, func.count())
            .where(its.program_id == program_id, or_(its.expires_ms.is_(None), its.expires_ms > now_ms))
            .group_by(its.list)
        )
        marked = (
            select(func.count())
            .select_from(shared_contexts)
            .where(there.program_id == program_id, or_(there.expires_ms.is_(None), there.expires_ms > now_ms))
        )
        with reading(self._engine) as connection:
            found = {names[name]: int(count) for name, count in connection.execute(lists)}
            found["contexts"] = connection.scalar(marked) or 0
        return {shelf: found.get(shelf, 0) for shelf in _TAGS}

    def value(self, program_id: str, shelf: Shelf, entry_id: str) -> str | None:
        """An entry's value in clear; None where there is none."""
        table = _table(shelf)
        query = select(table).where(_of(table, program_id, shelf), _id(table) == entry_id)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return None if row is None else self._open(shelf, row)

    def reach(
        self, program_id: str, kind: str, value: str, digest: bytes, scope: Scope, now_ms: int
    ) -> Reach:
        """What an entry would touch."""
        since, its = now_ms - REACH_MS, decisions.c
        users = select(identifier_uses.c.account_id).where(
            identifier_uses.c.program_id == program_id, identifier_uses.c.kind == kind,
            identifier_uses.c.digest == digest, identifier_uses.c.last_ms >= since,
        )  # fmt: skip
        whose = its.account_id == value if kind == "account" else its.account_id.in_(users.limit(REACH_MOST))
        theirs = (
            select(its.account_id)
            .where(its.program_id == program_id, whose, its.occurred_ms >= since, of_place(decisions, scope))
            .limit(REACH_MOST)
            .subquery()
        )
        same = select(list_entries.c.list).where(
            list_entries.c.program_id == program_id, list_entries.c.kind == kind, list_entries.c.digest == digest
        )  # fmt: skip
        with reading(self._engine) as connection:
            accounts, count = connection.execute(
                select(func.count(theirs.c.account_id.distinct()), func.count())
            ).one()
            others = [] if not digest else list(connection.scalars(same.limit(10)))
        return Reach(accounts, count, others)

    def _entry(self, shelf: Shelf, row: Row[Any]) -> Entry:
        return Entry(
            row.context_id if shelf == "contexts" else row.entry_id,
            shelf,
            row.kind,
            masked_value(row.kind, self._open(shelf, row)),
            row.context if shelf == "contexts" else None,
            row.reason,
            row.author,
            row.created_ms,
            row.expires_ms,
        )

    def _open(self, shelf: Shelf, row: Row[Any]) -> str:
        where = (
            context_place(row.program_id, row.context_id)
            if shelf == "contexts"
            else place("list entry", row.program_id, row.entry_id)
        )
        return self._seal.open(row.sealed_value, where).decode()


def _table(shelf: Shelf) -> Table:
    return shared_contexts if shelf == "contexts" else list_entries


def _id(table: Table) -> ColumnElement[str]:
    name = "context_id" if table is shared_contexts else "entry_id"
    column: ColumnElement[str] = table.c[name]
    return column


def _of(table: Table, program_id: str, shelf: Shelf) -> ColumnElement[bool]:
    its = table.c.program_id == program_id
    return its if list_of(shelf) is None else and_(its, table.c.list == list_of(shelf))


def _lasts(table: Table, chosen: Chosen, now_ms: int) -> ColumnElement[bool]:
    ends: ColumnElement[Any] = table.c.expires_ms
    match chosen.lasts:
        case "live":
            return or_(ends.is_(None), ends > now_ms)
        case "soon":
            return and_(ends > now_ms, ends <= now_ms + SOON_MS)
        case "expired":
            return ends <= now_ms
    return table.c.seq.is_not(None)
