"""Who there is: let in by a link that works once, changed, disabled, and never locked out all together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, select

from app.seal import place
from app.store.sql.dialect import insert_rows
from app.store.sql.reach import in_one, reading
from app.store.sql.user_tables import user_codes, user_links, user_passkeys, user_sessions, users
from app.store.sql.users.rows import MOVES, PERSON, Part, seed_place, write_request, write_scope
from app.store.sql.users.sessions import begin
from app.users.ports import Credentials, Link, Listed, Managed, NewPerson, NewSession, Person, Purpose
from app.users.rights import Role, Scope
from app.users.seconding import Request
from tokens.who import Who

_LISTED: Final = PERSON.add_columns(
    select(func.max(user_sessions.c.seen_ms))
    .where(user_sessions.c.user_id == users.c.user_id)
    .scalar_subquery()
    .label("seen_ms"),
    select(func.count())
    .where(user_passkeys.c.user_id == users.c.user_id)
    .scalar_subquery()
    .label("passkeys"),
    select(func.max(user_links.c.expires_ms))
    .where(user_links.c.user_id == users.c.user_id, user_links.c.used_ms.is_(None))
    .scalar_subquery()
    .label("link_until_ms"),
)


class UserPeople(Part):
    """Part of `SqlUsers`."""

    def add(self, new: NewPerson, first: Link | Request | None, who: Who, now_ms: int) -> bool:
        def move(connection: Connection) -> bool:
            taken = select(users.c.user_id).where(users.c.email_hash == new.email_hash)
            if connection.execute(taken).first() is not None:
                return False
            row = {
                "user_id": new.user_id,
                "email_hash": new.email_hash,
                "sealed_email": self._seal.seal(new.email.encode(), place("user", new.user_id, "email")),
                "role": new.role,
                "scope": write_scope(new.scope),
                "created_ms": now_ms,
                "disabled_ms": None,
                "version": 1,
                "password_hash": None,
                "sealed_seed": None,
                "totp_step": 0,
            }
            insert_rows(connection, users, [row])
            if isinstance(first, Link):
                _add_link(connection, new.user_id, first)
            self._note(connection, "user.created", new.user_id, who, now_ms, new.role)
            if isinstance(first, Request) and write_request(connection, first):
                self._note(connection, "user.asked", new.user_id, who, now_ms, first.wanted)
            return True

        return in_one(self._engine, move)

    def by_email(self, email_hash: bytes) -> Person | None:
        return self._one(users.c.email_hash == email_hash)

    def person(self, user_id: str) -> Person | None:
        return self._one(users.c.user_id == user_id)

    def everybody(self, now_ms: int) -> Sequence[Listed]:
        with reading(self._engine) as connection:
            rows = connection.execute(_LISTED.order_by(users.c.created_ms, users.c.user_id)).all()
        return [
            Listed(
                self._person(row),
                row.seen_ms,
                row.passkeys,
                row.link_until_ms if row.link_until_ms is not None and row.link_until_ms > now_ms else None,
            )
            for row in rows
        ]

    def change(self, user_id: str, role: Role, scope: Scope, version: int, who: Who, now_ms: int) -> Managed:
        def change(connection: Connection) -> str | None:
            return give_rights(connection, user_id, role, scope, version)

        leaves = role != "security_admin"
        return self._managed("user.changed", user_id, change, who, now_ms, leaves=leaves)

    def disable(self, user_id: str, who: Who, now_ms: int) -> Managed:
        def disable(connection: Connection) -> str | None:
            row = MOVES(connection, "disable", user_id=user_id, now_ms=now_ms).first()
            MOVES(connection, "forget_links", user_id=user_id)
            return None if row is None else ""

        return self._managed("user.disabled", user_id, disable, who, now_ms, leaves=True)

    def enable(self, user_id: str, who: Who, now_ms: int) -> Managed:
        def enable(connection: Connection) -> str | None:
            return None if MOVES(connection, "enable", user_id=user_id).first() is None else ""

        return self._managed("user.enabled", user_id, enable, who, now_ms, leaves=False)

    def reset(self, user_id: str, version: int, link: Link, who: Who, now_ms: int) -> Managed:
        def reset(connection: Connection) -> str | None:
            return give_link(connection, user_id, version, link)

        return self._managed("user.reset", user_id, reset, who, now_ms, leaves=False)

    def offer(self, user_id: str, link: Link, who: Who, now_ms: int) -> None:
        """A link beside what the user has: a demo's way in."""

        def move(connection: Connection) -> None:
            MOVES(connection, "forget_links", user_id=user_id)
            _add_link(connection, user_id, link)
            self._note(connection, "user.link_made", user_id, who, now_ms, link.purpose)

        in_one(self._engine, move)

    def link(self, link_hash: bytes, purpose: Purpose, now_ms: int) -> Person | None:
        open_one = (
            PERSON.join(user_links, user_links.c.user_id == users.c.user_id)
            .where(user_links.c.link_hash == link_hash, user_links.c.purpose == purpose)
            .where(user_links.c.used_ms.is_(None), user_links.c.expires_ms > now_ms)
            .where(users.c.disabled_ms.is_(None))
        )
        with reading(self._engine) as connection:
            row = connection.execute(open_one).first()
        return None if row is None else self._person(row)

    def enrol(
        self, link_hash: bytes, credentials: Credentials, session: NewSession, who: Who, now_ms: int
    ) -> bool:
        def move(connection: Connection) -> bool:
            used = MOVES(connection, "use_link", link_hash=link_hash, purpose="enrol", now_ms=now_ms).first()
            if used is None:
                return False
            user_id = used.user_id
            sealed = self._seal.seal(credentials.totp_seed, seed_place(user_id))
            row = MOVES(
                connection,
                "enrol",
                user_id=user_id,
                password_hash=credentials.password_hash,
                sealed_seed=sealed,
                totp_step=credentials.totp_step,
            ).first()
            if row is None:
                connection.rollback()
                return False
            write_codes(connection, user_id, credentials.code_hashes)
            begin(connection, user_id, row.version, session, now_ms)
            self._note(connection, "user.enrolled", user_id, who, now_ms)
            return True

        return in_one(self._engine, move)

    def _managed(
        self,
        event: str,
        user_id: str,
        change: Callable[[Connection], str | None],
        who: Who,
        now_ms: int,
        *,
        leaves: bool,
    ) -> Managed:
        """`leaves`: they manage people no more by it, so somebody else has to."""

        def move(connection: Connection) -> Managed:
            MOVES(connection, "hold_managers")
            row = connection.execute(PERSON.where(users.c.user_id == user_id)).first()
            if row is None:
                return "unknown"
            manages = row.role == "security_admin" and row.disabled_ms is None
            if manages and leaves and MOVES(connection, "managers", user_id=user_id).one().others == 0:
                connection.rollback()
                return "last"
            detail = change(connection)
            if detail is None:
                connection.rollback()
                return "stale"
            self._note(connection, event, user_id, who, now_ms, detail)
            return "changed"

        return in_one(self._engine, move)

    def _one(self, where: Any) -> Person | None:
        with reading(self._engine) as connection:
            row = connection.execute(PERSON.where(where)).first()
        return None if row is None else self._person(row)


def give_rights(connection: Connection, user_id: str, role: Role, scope: Scope, version: int) -> str | None:
    """Another role or scope for a user as of `version`; what the audit says of it, None where they changed."""
    given = {"role": role, "scope": write_scope(scope), "version": version}
    row = MOVES(connection, "change", user_id=user_id, **given).first()
    return None if row is None else f"{role} {write_scope(scope)}"


def give_link(connection: Connection, user_id: str, version: int, link: Link) -> str | None:
    """A link in place of all that a user as of `version` had; what the audit says of it, None where they changed."""
    if MOVES(connection, "reset", user_id=user_id, version=version).first() is None:
        return None
    for forgotten in ("forget_links", "forget_codes", "forget_passkeys"):
        MOVES(connection, forgotten, user_id=user_id)
    _add_link(connection, user_id, link)
    return link.purpose


def write_codes(connection: Connection, user_id: str, hashes: Sequence[bytes]) -> None:
    """New recovery codes in place of all the old ones."""
    MOVES(connection, "forget_codes", user_id=user_id)
    rows = [{"user_id": user_id, "code_hash": one, "used_ms": None} for one in hashes]
    insert_rows(connection, user_codes, rows)


def _add_link(connection: Connection, user_id: str, link: Link) -> None:
    row = {"user_id": user_id, **link._asdict(), "used_ms": None}
    insert_rows(connection, user_links, [row])
