"""Wrong tries, counted before anything is compared, with waits that grow."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from app.store.sql.reach import in_one
from app.store.sql.user_tables import users
from app.store.sql.users.rows import MOVES, Part
from app.users.limits import ADDRESS_TRIES_BEFORE_WAITING, FORGET_MS, TRIES_BEFORE_WAITING, wait_ms
from app.users.ports import EMAIL_HASH_BYTES, Kind
from tokens.who import Who


class UserTries(Part):
    """Part of `SqlUsers`."""

    def take(self, wanted: Sequence[tuple[Kind, bytes]], who: Who, now_ms: int) -> int:
        """Accounts that exist and such that do not are counted by the same statements."""

        def move(connection: Connection) -> int:
            for kind, name in sorted(wanted):
                of = {"kind": kind, "hash": name}
                row = MOVES(connection, "take", **of, now_ms=now_ms, forget_ms=now_ms - FORGET_MS).first()
                if row is None:
                    barred = MOVES(connection, "barred", **of, now_ms=now_ms).one()
                    connection.rollback()
                    return int(barred.until_ms) - now_ms
                free = ADDRESS_TRIES_BEFORE_WAITING if kind == "address" else TRIES_BEFORE_WAITING
                wait = wait_ms(row.tries, free)
                if wait:
                    MOVES(connection, "bar", **of, until_ms=now_ms + wait)
                    if row.tries == free:
                        self._note(
                            connection, "user.locked_out", _subject(connection, kind, name), who, now_ms, kind
                        )
            return 0

        return in_one(self._engine, move)

    def right(self, cleared: Sequence[tuple[Kind, bytes]], given_back: Sequence[tuple[Kind, bytes]]) -> None:
        """In the order of the rows, as `take` has them."""

        def move(connection: Connection) -> None:
            for kind, name in sorted([*cleared, *given_back]):
                MOVES(connection, "clear" if (kind, name) in cleared else "give_back", kind=kind, hash=name)

        in_one(self._engine, move)


def _subject(connection: Connection, kind: Kind, name: bytes) -> str:
    """Whose account it is, where it is one; an address is told by the actor's hash alone."""
    if kind == "second":
        return name.decode()
    found = connection.execute(
        select(users.c.user_id).where(users.c.email_hash == name[:EMAIL_HASH_BYTES])
    ).scalar()
    return str(found) if found is not None else "unknown"
