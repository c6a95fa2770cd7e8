"""
The audit: append-only, each row chained to the one before by a keyed hash, so that no row can be altered, taken out or
put elsewhere without the key. Offline, `verify` says the first row that is not as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, Row, func, select

from app.store.sql.moves import Moves
from app.store.sql.reach import reading
from app.store.sql.token_tables import audit, audit_head

ROWS_AT_ONCE: Final = 5_000
"""Rows read at a time when verifying."""
_ADVANCE, _ADD, _END = (Moves("app.store.sql", "audit_moves")[name] for name in ("advance", "add", "end"))
_HEAD: Final = select(
    audit_head,
    select(func.min(audit.c.seq)).scalar_subquery().label("first"),
    select(func.max(audit.c.seq)).scalar_subquery().label("last"),
).where(audit_head.c.id == 1)
"""The note of the chain's end, and the first and last row there is, as of one instant."""
_pack: Final = msgspec.msgpack.Encoder().encode


class Entry(NamedTuple):
    """
    What happened.

    event:   `token.issued`, `token.redeemed`, `otp.failed`, …
    subject: what it happened to, by our own id.
    detail:  a few words or counts; never a secret, a name or an address.
    """

    at_ms: int
    program_id: str
    event: str
    subject: str
    actor: str
    ip_hash: bytes = b""
    detail: str = ""


class Broken(NamedTuple):
    """Where the chain is broken first, and how."""

    seq: int
    why: str


class Whole(NamedTuple):
    """The chain holds: so many rows, and the mac it ends with, hexadecimal, to compare with a note taken elsewhere."""

    rows: int
    end: str


class Audit:
    """
    The chain under one key.

    Args:
        key: 32 secret bytes; the same for every process of an installation.
        noted: Told the event of every entry appended, for counters.
    """

    def __init__(self, key: bytes, noted: Callable[[str], None] = lambda _: None) -> None:
        self._key, self._noted = key, noted

    def hold(self, connection: Connection) -> None:
        """Take the lock of the chain's end until the commit, to look at something before it is changed and noted."""
        _ADVANCE.run(connection, {"more": 0})

    def append(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """Append in the transaction of what happened. It holds the chain's end until the commit: do it last."""
        if not entries:
            return
        seq, mac = _ADVANCE.run(connection, {"more": len(entries)}).one()
        rows = []
        for number, entry in enumerate(entries, seq - len(entries) + 1):
            mac = self._mac(mac, number, entry)
            self._noted(entry.event)
            rows.append({"seq": number, **entry._asdict(), "mac": mac})
        _ADD.run_many(connection, rows)
        _END.run(connection, {"mac": mac, "head_mac": self._head_mac(seq, mac)})

    def verify(self, engine: Engine, progress: Callable[[int], None] = lambda _: None) -> Whole | Broken:
        """
        Read the whole chain. `progress` is told rows done. Raises RecordAway.

        Who may write to the database can put it back, end and all, to what it was before: then the chain holds, and
        only `Whole.end` noted elsewhere tells. Nobody can add to it.
        """
        head = self._head(engine)
        if isinstance(head, Broken):
            return head
        return self._walk(engine, head, b"", 0, progress)

    def verify_newest(self, engine: Engine, most: int) -> Whole | Broken:
        """
        The same of the newest rows alone, at most so many: what stands before them is taken as it is. `Whole.rows` is
        how many were read. Raises RecordAway.
        """
        head = self._head(engine)
        if isinstance(head, Broken):
            return head
        done = max(0, head.seq - most)
        with reading(engine) as connection:
            before = connection.scalar(select(audit.c.mac).where(audit.c.seq == done)) if done else b""
        if before is None:
            return Broken(done, _missing(done, done))
        found = self._walk(engine, head, before, done)
        return found if isinstance(found, Broken) else found._replace(rows=found.rows - done)

    def _walk(
        self,
        engine: Engine,
        head: Row[Any],
        mac: bytes,
        done: int,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Whole | Broken:
        """From the row `done`, whose mac that is, to the end."""
        while done < head.seq:
            with reading(engine) as connection:
                upto = min(head.seq, done + ROWS_AT_ONCE)
                rows = connection.execute(
                    select(audit).where(audit.c.seq > done, audit.c.seq <= upto).order_by(audit.c.seq)
                ).all()
            for seq, *fields, held in rows:
                if seq != done + 1:
                    return Broken(done + 1, _missing(done + 1, seq - 1))
                mac = self._mac(mac, seq, Entry(*fields))
                if not _same(mac, held):
                    return Broken(seq, f"row {seq} is not as it was written, or its place was another's")
                done = seq
            if done < upto:
                return Broken(done + 1, _missing(done + 1, upto))
            progress(done)
        if not _same(mac, head.mac):
            return Broken(done, "the note of the chain's end is of another chain")
        return Whole(done, mac.hex())

    def end(self, engine: Engine) -> Whole | Broken:
        """The note of the chain's end alone, and whether a row lies outside: quick, however long. Raises RecordAway."""
        head = self._head(engine)
        return head if isinstance(head, Broken) else Whole(head.seq, head.mac.hex())

    def _head(self, engine: Engine) -> Row[Any] | Broken:
        with reading(engine) as connection:
            head = connection.execute(_HEAD).first()
        if head is None:
            return Broken(0, "the note of the chain's end is missing")
        wrong = self._end_is_wrong(head.seq, head.mac, head.head_mac)
        return wrong or _outside(head.seq, head.first, head.last) or head

    def _end_is_wrong(self, seq: int, mac: bytes, held: bytes) -> Broken | None:
        if seq and not _same(self._head_mac(seq, mac), held):
            return Broken(seq, "the note of the chain's end is not as it was written")
        return None

    def _mac(self, before: bytes, seq: int, entry: Entry) -> bytes:
        return digest(self._key, _pack((before, seq, *entry)), sha256)

    def _head_mac(self, seq: int, mac: bytes) -> bytes:
        return digest(self._key, _pack(("end", seq, mac)), sha256)

    def __repr__(self) -> str:
        """Never the key."""
        return "Audit(…)"


def _same(mac: bytes, held: object) -> bool:
    """SQLite holds whatever it is given, so a column of bytes may have been made text."""
    return isinstance(held, bytes) and compare_digest(mac, held)


def _outside(end: int, first: object, last: object) -> Broken | None:
    """Whether the first or the last row there is lies outside the chain. To SQLite any text is after every number."""
    if isinstance(first, int | float) and first < 1:
        return Broken(int(first), f"row {first} was put before the chain's beginning")
    if last is not None and not (isinstance(last, int | float) and last <= end):
        return Broken(end + 1, "rows were put after the chain's end, or the note of it was put back")
    return None


def _missing(first: int, last: int) -> str:
    return f"row {first} is missing" if first == last else f"rows {first} to {last} are missing"
