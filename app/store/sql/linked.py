"""Links between accounts, as decisions found them: at both ends, the latest word on each pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import bindparam, select

from app.ports.journal import Decided
from app.ports.rows import LinkRow
from app.store.sql.dialect import insert_rows
from app.store.sql.reach import reading
from app.store.sql.tables import accounts, links

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Engine

    from app.store.sql.dialect import Insert

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(tuple[tuple[str, str, float], ...]).decode

_mine = accounts.alias("mine")
_others = accounts.alias("others")
_LINKS: Final = (
    select(links.c.other_key, _others.c.account_id, links.c.probability, links.c.evidence, links.c.found_ms)
    .join_from(
        _mine,
        links,
        (links.c.program_id == _mine.c.program_id) & (links.c.account_key == _mine.c.account_key),
    )
    .outerjoin(
        _others,
        (_others.c.program_id == links.c.program_id) & (_others.c.account_key == links.c.other_key),
    )
    .where(_mine.c.program_id == bindparam("program"), _mine.c.account_id == bindparam("account"))
    .order_by(links.c.probability.desc(), links.c.other_key)
)


def keep_links(connection: Connection, entries: Iterable[Decided]) -> None:
    """Keep what these decisions, in the order written, found; a later word on a pair replaces the earlier."""
    latest = {(row["program_id"], row["account_key"], row["other_key"]): row for row in _rows(entries)}
    insert_rows(connection, links, list(latest.values()), _the_later)


def _the_later(insert: Insert) -> Insert:
    said = {name: insert.excluded[name] for name in ("probability", "evidence", "found_ms")}
    return insert.on_conflict_do_update(index_elements=list(links.primary_key), set_=said)


def _rows(entries: Iterable[Decided]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        for link in entry.links if entry.account_key else ():
            for one, other in ((entry.account_key, link.key), (link.key, entry.account_key)):
                yield {
                    "program_id": entry.event.program_id,
                    "account_key": one,
                    "other_key": other,
                    "probability": link.probability,
                    "evidence": _encode(link.evidence),
                    "found_ms": entry.received_ms,
                }


class LinkRecord:
    """Who was found to be the same hand, part of `SqlRecord`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def links(self, program_id: str, account_id: str) -> Sequence[LinkRow]:
        """Accounts linked to this one by any decision on either, likeliest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(_LINKS, {"program": program_id, "account": account_id}).all()
        return [
            LinkRow(row.other_key, row.account_id, row.probability, _decode(row.evidence), row.found_ms)
            for row in rows
        ]
