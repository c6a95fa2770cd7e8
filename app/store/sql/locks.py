"""Locks on accounts in SQL: how each stands, every change there was, and what the hot store is still to be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, Row, select, tuple_

from app.locking.switch import Locks, Wish
from app.ports.locks import LockRow
from app.seal import place
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit, Entry
from app.store.sql.cases.opener import CaseOpener, Opening
from app.store.sql.lock_tables import account_locks, lock_changes
from app.store.sql.moves import Moves
from app.store.sql.reach import in_one, reading, writing
from app.store.sql.tables import account_keys

AGAIN_MS: Final = 2_000
"""A change is told to the hot store again after so long: it may lose the last second with its machine."""
REMIND_MS: Final = 30 * 86_400_000
"""And a lock every 30 days: the hot store forgets an account after 13 months without events, the lock must stay."""
DISPUTED: Final = "ato_drain"
"""What a redemption looks like that the member says was not theirs."""
AT_ONCE: Final = 1_000
"""Rows a question when all locked accounts are read."""
_MOVES: Final = Moves("app.store.sql", "lock_moves")
_pack: Final = msgspec.msgpack.Encoder().encode
_open: Final = msgspec.msgpack.Decoder(tuple[str | None, str | None]).decode
_COLUMNS: Final = [account_locks.c[name] for name in LockRow.__struct_fields__]


class Change(NamedTuple):
    """One of an account's changes, oldest first. `reason` and `note` are None where the account's key is erased."""

    version: int
    locked: bool
    at_ms: int
    by: str
    actor: str
    reason: str | None
    note: str | None


class LockRecord:
    """How accounts stand, to be read, part of `SqlRecord`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def lock(self, program_id: str, account_id: str) -> LockRow | None:
        """How redeeming stands at an account; None where it was never locked. Raises RecordAway."""
        with reading(self._engine) as connection:
            return self.standing(connection, program_id, account_id)

    def standing(self, connection: Connection, program_id: str, account_id: str) -> LockRow | None:
        """The same, over a connection that is open."""
        its = (account_locks.c.program_id == program_id) & (account_locks.c.account_id == account_id)
        row = connection.execute(select(*_COLUMNS).where(its, account_locks.c.version > 0)).first()
        return None if row is None else _row(row)

    def locked(self) -> Iterator[LockRow]:
        """Every account that is locked, streaming, in the order of the key. Raises RecordAway."""
        name = tuple_(account_locks.c.program_id, account_locks.c.account_id)
        query = select(*_COLUMNS).where(account_locks.c.locked == 1).limit(AT_ONCE)
        query = query.order_by(account_locks.c.program_id, account_locks.c.account_id)
        after = ("", "")
        while True:
            with reading(self._engine) as connection:
                rows = connection.execute(query.where(name > tuple_(*after))).all()
            yield from map(_row, rows)
            if len(rows) < AT_ONCE:
                return
            after = (rows[-1].program_id, rows[-1].account_id)


class SqlLocks(LockRecord, Locks):
    """
    `app.locking.switch.Locks`. Every method raises RecordAway: nothing was done then.

    Args:
        engine: A database at this version's migration.
        keys: The accounts' data keys: under them lie reasons and notes.
        audit: Where every change is noted, in its own transaction.
        opener: Opens a case of a dispute, in its transaction; None: nobody looks at disputes here.
    """

    def __init__(
        self, engine: Engine, keys: AccountKeys, audit: Audit, opener: CaseOpener | None = None
    ) -> None:
        super().__init__(engine)
        self._keys, self._audit, self._opener = keys, audit, opener

    def change(self, wish: Wish, now_ms: int) -> LockRow:
        """Lock or unlock; an account that stands so already stays as it is. How it stands now."""
        return in_one(self._engine, partial(self.switch, wish=wish, now_ms=now_ms, version=wish.version))

    def dispute(self, wish: Wish, redemption_id: str, now_ms: int) -> LockRow:
        """
        Lock as wished, because the member disputes this redemption; once: of a redemption disputed before nothing is
        done again. How the account stands now.
        """

        def dispute(connection: Connection) -> LockRow:
            values = {"program_id": wish.program_id, "account_id": wish.account_id, "now_ms": now_ms}
            held = _row(_MOVES(connection, "hold", **values).one())
            if _MOVES(connection, "dispute", redemption_id=redemption_id, **values).first() is None:
                return held
            row = held if held.locked else self._write(connection, wish, now_ms)
            if self._opener is not None:
                its = {"program_id": wish.program_id, "redemption_id": redemption_id}
                points = _MOVES(connection, "redeemed_points", **its).scalar() or 0
                opening = Opening(wish.program_id, wish.account_id, "dispute", DISPUTED, points)
                self._opener.open_for(connection, opening, wish.who, now_ms)
            entries = [] if held.locked else [_entry(wish, row, now_ms)]
            entries.append(
                Entry(now_ms, wish.program_id, "account.disputed", wish.account_id, *wish.who, redemption_id)
            )
            self._audit.append(connection, entries)
            return row

        return in_one(self._engine, dispute)

    def due(self, now_ms: int, most: int) -> Sequence[LockRow]:
        """Accounts of which the hot store is to be told now."""
        with reading(self._engine) as connection:
            return [_row(row) for row in _MOVES(connection, "due", now_ms=now_ms, most=most)]

    def told(self, rows: Sequence[LockRow], now_ms: int) -> None:
        """The hot store knows these."""
        with writing(self._engine) as connection:
            for row in rows:
                its = {"program_id": row.program_id, "account_id": row.account_id, "version": row.version}
                _MOVES(connection, "told", tell_ms=now_ms + REMIND_MS if row.locked else None, **its)

    def history(self, program_id: str, account_id: str) -> Sequence[Change]:
        """Every change there was, oldest first."""
        changes = lock_changes.c
        its = (changes.program_id == program_id) & (changes.account_id == account_id)
        query = (
            select(lock_changes, account_keys.c.wrapped_key)
            .outerjoin(
                account_keys,
                (account_keys.c.program_id == changes.program_id)
                & (account_keys.c.account_id == changes.account_id)
                & (account_keys.c.key_id == changes.key_id),
            )
            .where(its)
            .order_by(changes.version)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            Change(row.version, bool(row.locked), row.at_ms, row.asked_by, row.actor, *self._said(row))
            for row in rows
        ]

    def _said(self, row: Row[*tuple[object, ...]]) -> tuple[str | None, str | None]:
        if row.wrapped_key is None:
            return None, None
        seal = self._keys.unwrap((row.program_id, row.account_id), row.wrapped_key)
        said: tuple[str | None, str | None] = _open(
            seal.open(row.sealed, _place(row.program_id, row.account_id, row.version))
        )
        return said

    def switch(self, connection: Connection, wish: Wish, now_ms: int, version: int | None = None) -> LockRow:
        """`change`, as part of a transaction that writes; where a version is given, if that was the last change."""
        values = {"program_id": wish.program_id, "account_id": wish.account_id, "now_ms": now_ms}
        held = _row(_MOVES(connection, "hold", **values).one())
        if held.locked == wish.locked or version not in {None, held.version}:
            return held
        row = self._write(connection, wish, now_ms)
        self._audit.append(connection, [_entry(wish, row, now_ms)])
        return row

    def _write(self, connection: Connection, wish: Wish, now_ms: int) -> LockRow:
        its = {"program_id": wish.program_id, "account_id": wish.account_id}
        change = {"locked": int(wish.locked), "asked_by": wish.by}
        tell_ms = now_ms + AGAIN_MS
        row = _row(_MOVES(connection, "change", now_ms=now_ms, tell_ms=tell_ms, **its, **change).one())
        account = (wish.program_id, wish.account_id)
        key = self._keys.of(connection, [account])[account]
        sealed = key.seal.seal(_pack((wish.reason, wish.note)), _place(*account, row.version))
        _MOVES(
            connection,
            "note",
            version=row.version,
            at_ms=now_ms,
            actor=wish.who.actor,
            sealed=sealed,
            key_id=key.key_id,
            **its,
            **change,
        )
        return row


def _entry(wish: Wish, row: LockRow, now_ms: int) -> Entry:
    event = "account.locked" if row.locked else "account.unlocked"
    return Entry(now_ms, wish.program_id, event, wish.account_id, *wish.who, wish.by)


def _row(row: Row[*tuple[object, ...]]) -> LockRow:
    return LockRow(**row._asdict() | {"locked": bool(row.locked)})


def _place(program_id: str, account_id: str, version: int) -> bytes:
    return place("lock", program_id, account_id, str(version))
