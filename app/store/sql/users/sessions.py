"""Who is signed in where: begun in the move that uses the proof up, over when idle, old, ended or overtaken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select

from app.store.sql.reach import in_one, reading, writing
from app.store.sql.user_tables import user_requests, user_sessions, users
from app.store.sql.users.asked import open_requests
from app.store.sql.users.rows import MOVES, PERSON, Part
from app.users.limits import ABSOLUTE_MS, IDLE_MS, SEEN_EVERY_MS
from app.users.ports import NewSession, Open, Proven
from tokens.who import Who

_LIVE: Final = (
    PERSON.add_columns(
        user_sessions.c.session_hash, user_sessions.c.made_ms, user_sessions.c.seen_ms, user_sessions.c.agent
    )
    .join(user_sessions, user_sessions.c.user_id == users.c.user_id)
    .where(
        users.c.disabled_ms.is_(None),
        user_sessions.c.ended_ms.is_(None),
        user_sessions.c.version == users.c.version,
    )
)
KEPT_MS: Final = 30 * 86_400_000
"""Rows of ended sessions go after 30 days, when their user signs in: what remains is in the audit."""


class UserSessions(Part):
    """Part of `SqlUsers`."""

    def open(
        self, user_id: str, version: int, proven: Proven, session: NewSession, who: Who, now_ms: int
    ) -> bool:
        def move(connection: Connection) -> bool:
            whose = {"user_id": user_id}
            if MOVES(connection, "as_of", **whose, version=version).first() is None:
                return False
            if not _used(connection, user_id, version, proven, now_ms):
                return False
            if connection.execute(_by_ticket(session)).first() is not None:
                connection.rollback()
                return False
            begin(connection, user_id, version, session, now_ms)
            MOVES(connection, "forget_sessions", **whose, before_ms=now_ms - KEPT_MS)
            self._note(connection, "user.signed_in", user_id, who, now_ms, proven.method)
            return True

        return in_one(self._engine, move)

    def enter(self, link_hash: bytes, session: NewSession, who: Who, now_ms: int) -> bool:
        def move(connection: Connection) -> bool:
            used = MOVES(connection, "use_link", link_hash=link_hash, purpose="enter", now_ms=now_ms).first()
            if used is None:
                return False
            row = connection.execute(PERSON.where(users.c.user_id == used.user_id)).one()
            if row.disabled_ms is not None:
                connection.rollback()
                return False
            begin(connection, used.user_id, row.version, session, now_ms)
            self._note(connection, "user.signed_in", used.user_id, who, now_ms, "link")
            return True

        return in_one(self._engine, move)

    def session(self, session_hash: bytes, now_ms: int) -> Open | None:
        with reading(self._engine) as connection:
            row = connection.execute(
                _alive(now_ms).where(user_sessions.c.session_hash == session_hash)
            ).first()
        if row is None:
            return None
        if now_ms - row.seen_ms >= SEEN_EVERY_MS:
            with writing(self._engine) as connection:
                MOVES(connection, "seen", session_hash=session_hash, now_ms=now_ms)
        return self._open(row)

    def sessions(self, user_id: str, now_ms: int) -> Sequence[Open]:
        mine = (
            _alive(now_ms).where(user_sessions.c.user_id == user_id).order_by(user_sessions.c.seen_ms.desc())
        )
        with reading(self._engine) as connection:
            return [self._open(row) for row in connection.execute(mine)]

    def end(self, user_id: str, session_id: str, who: Who, now_ms: int) -> bool:
        wanted = [one for one in self.sessions(user_id, now_ms) if one.session_id == session_id]

        def move(connection: Connection) -> bool:
            for one in wanted:
                of = {"session_hash": one.session_hash, "user_id": user_id}
                if MOVES(connection, "end", **of, now_ms=now_ms).first() is not None:
                    self._note(connection, "user.signed_out", user_id, who, now_ms, session_id)
                    return True
            return False

        return in_one(self._engine, move)

    def end_others(self, user_id: str, session_hash: bytes, who: Who, now_ms: int) -> int:
        def move(connection: Connection) -> int:
            row = connection.execute(PERSON.where(users.c.user_id == user_id)).one()
            of = {"session_hash": session_hash, "user_id": user_id, "version": row.version}
            ended = len(MOVES(connection, "end_others", **of, now_ms=now_ms).all())
            if ended:
                self._note(connection, "user.signed_out", user_id, who, now_ms, f"{ended} others")
            return ended

        return in_one(self._engine, move)

    def _open(self, row: Row[Any]) -> Open:
        return Open(
            self._person(row), row.session_hash, row.made_ms, row.seen_ms, row.agent, bool(row.is_asked)
        )


def begin(connection: Connection, user_id: str, version: int, session: NewSession, now_ms: int) -> None:
    """A session of a user whose row is held."""
    MOVES(connection, "begin", user_id=user_id, version=version, now_ms=now_ms, **session._asdict())


def _used(connection: Connection, user_id: str, version: int, proven: Proven, now_ms: int) -> bool:
    whose = {"user_id": user_id}
    if proven.totp_step is not None:
        used = MOVES(connection, "use_step", **whose, version=version, step=proven.totp_step)
    elif proven.code_hash is not None:
        used = MOVES(connection, "use_code", **whose, code_hash=proven.code_hash, now_ms=now_ms)
    else:
        signed = {"passkey_id": proven.passkey_id, "sign_count": proven.sign_count}
        used = MOVES(connection, "use_passkey", **whose, **signed, now_ms=now_ms)
    return used.first() is not None


def _by_ticket(session: NewSession) -> Select[Any]:
    return select(user_sessions.c.session_hash).where(user_sessions.c.ticket_hash == session.ticket_hash)


def _alive(now_ms: int) -> Select[Any]:
    asked = open_requests(now_ms).where(user_requests.c.user_id == users.c.user_id).exists()
    return _LIVE.add_columns(asked.label("is_asked")).where(
        user_sessions.c.seen_ms > now_ms - IDLE_MS, user_sessions.c.made_ms > now_ms - ABSOLUTE_MS
    )
