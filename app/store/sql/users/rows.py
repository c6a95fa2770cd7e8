"""A user's row: what is sealed in it, and how a scope is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, Row, select

from app.seal import Seal, place
from app.store.sql.audit import Audit, Entry
from app.store.sql.moves import Moves
from app.store.sql.user_tables import users
from app.users.limits import REQUEST_LIFE_MS
from app.users.ports import Person
from app.users.rights import Scope
from app.users.seconding import Request
from tokens.who import Who

MOVES: Final = Moves("app.store.sql.users", "moves")
PERSON: Final = select(*[users.c[name] for name in users.c.keys() if name != "email_hash"])  # noqa: SIM118 - columns, by name
_decode: Final = msgspec.json.Decoder(tuple[list[str] | None, list[str] | None, list[str] | None]).decode


class Part:
    """What each part of the people's store has: the database, the seal and the audit."""

    def __init__(self, engine: Engine, seal: Seal, audit: Audit) -> None:
        self._engine, self._seal, self._audit = engine, seal, audit

    def _note(
        self, connection: Connection, event: str, user_id: str, who: Who, now_ms: int, detail: str = ""
    ) -> None:
        """Into the audit, last of all: it holds the chain's end until the commit. People are of no programme."""
        self._audit.append(connection, [Entry(now_ms, "", event, user_id, *who, detail)])

    def _person(self, row: Row[Any]) -> Person:
        sealed = row.sealed_seed
        return Person(
            user_id=row.user_id,
            email=self._seal.open(row.sealed_email, place("user", row.user_id, "email")).decode(),
            role=row.role,
            scope=read_scope(row.scope),
            created_ms=row.created_ms,
            disabled_ms=row.disabled_ms,
            version=row.version,
            password_hash=row.password_hash,
            totp_seed=None if sealed is None else self._seal.open(sealed, seed_place(row.user_id)),
        )


def seed_place(user_id: str) -> bytes:
    """Where an app's seed belongs."""
    return place("user", user_id, "totp")


def write_scope(scope: Scope) -> str:
    """`[null,["p-1"],null]`: programmes, partners, stores."""
    limits: Sequence[list[str] | None] = [None if limit is None else sorted(limit) for limit in scope]
    return msgspec.json.encode(limits).decode()


def write_request(connection: Connection, request: Request) -> bool:
    """Keep a request; False where its person changed meanwhile, or another one for them is open."""
    given = request._asdict() | {"scope": write_scope(request.scope)}
    asked = MOVES(connection, "ask", **given, over_ms=request.asked_ms - REQUEST_LIFE_MS)
    return asked.first() is not None


def read_scope(text: str) -> Scope:
    """Back again."""
    return Scope(*[None if limit is None else frozenset(limit) for limit in _decode(text)])
