"""What waits for a second person: asked once, and used up by the move that does it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from app.store.sql.reach import in_one, reading
from app.store.sql.user_tables import user_requests
from app.store.sql.users.asked import open_requests
from app.store.sql.users.people import UserPeople, give_link, give_rights
from app.store.sql.users.rows import MOVES, read_scope, write_request, write_scope
from app.users.limits import REQUEST_LIFE_MS, SECOND_WAIT_MS
from app.users.ports import Link, Managed
from app.users.seconding import Request
from tokens.who import Who


class UserRequests(UserPeople):
    """Part of `SqlUsers`."""

    def ask(self, request: Request, who: Who, now_ms: int) -> Managed:
        def ask(connection: Connection) -> str | None:
            return _told(request) if write_request(connection, request) else None

        return self._managed("user.asked", request.user_id, ask, who, now_ms, leaves=False)

    def requests(self, now_ms: int) -> Sequence[Request]:
        oldest_first = open_requests(now_ms).order_by(user_requests.c.asked_ms, user_requests.c.user_id)
        with reading(self._engine) as connection:
            rows = connection.execute(oldest_first).all()
        return [Request(**{**row._mapping, "scope": read_scope(row.scope)}) for row in rows]  # noqa: SLF001 - public

    def go_ahead(self, request: Request, by: str, link: Link, who: Who, now_ms: int) -> Managed:
        whom = request.user_id
        bounds = {"over_ms": now_ms - REQUEST_LIFE_MS, "waited_ms": now_ms - SECOND_WAIT_MS}

        def do(connection: Connection) -> str | None:
            used = MOVES(connection, "go_ahead", user_id=whom, request_id=request.request_id, by=by, **bounds)
            if used.first() is None:
                return None
            if request.wanted == "link":
                done = give_link(connection, whom, request.version, link)
            else:
                done = give_rights(connection, whom, request.role, request.scope, request.version)
            return None if done is None else f"{done}, asked by {request.asked_by}"

        event = "user.reset" if request.wanted == "link" else "user.changed"
        leaves = request.wanted == "rights" and request.role != "security_admin"
        return self._managed(event, whom, do, who, now_ms, leaves=leaves)

    def stop(self, user_id: str, request_id: str, who: Who, now_ms: int) -> bool:
        def move(connection: Connection) -> bool:
            if MOVES(connection, "stop", user_id=user_id, request_id=request_id).first() is None:
                return False
            self._note(connection, "user.stopped", user_id, who, now_ms, request_id)
            return True

        return in_one(self._engine, move)


def _told(request: Request) -> str:
    """For the audit."""
    if request.wanted == "link":
        return request.wanted
    return f"{request.role} {write_scope(request.scope)}"
