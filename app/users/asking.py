"""What a security admin asks for people: done at once, or written down where it is for two to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from app.users.managing import Invited, Manager
from app.users.ports import Managed, NewPerson, Person, Users
from app.users.rights import Role, Scope
from app.users.seconding import Request, Wanted, change_waits, link_waits, may_go_ahead
from app.users.viewer import Viewer
from tokens.who import Who


class Asking:
    """
    The use cases, synchronous: called in a thread. Each raises RecordAway: nothing was done then.

    Args:
        users: the store.
        manager: does what is done.
        new_id: prefix → a fresh id.
    """

    def __init__(self, users: Users, manager: Manager, new_id: Callable[[str], str]) -> None:
        self._users, self._manager, self._new_id = users, manager, new_id

    def open(self, now_ms: int) -> Sequence[Request]:
        """All that waits, oldest first."""
        return self._users.requests(now_ms)

    def of(self, user_id: str, now_ms: int) -> Request | None:
        """What waits for somebody."""
        return next((one for one in self._users.requests(now_ms) if one.user_id == user_id), None)

    def invite(
        self, email: str, role: Role, scope: Scope, by: Viewer, now_ms: int
    ) -> Invited | Request | None:
        """A link, or a request for one. None where somebody has that address. Raises BadAddress."""
        if not link_waits(role):
            return self._manager.invite(email, role, scope, _who(by), now_ms)
        new = self._manager.newcomer(email, role, scope)
        request = self._request("link", new, 1, by, now_ms)
        return request if self._users.add(new, request, _who(by), now_ms) else None

    def reset(self, person: Person, by: Viewer, now_ms: int) -> Invited | Managed | Request:
        """A link in place of all they had, or a request for one."""
        if not link_waits(person.role):
            return self._manager.reset(person, _who(by), now_ms)
        return self._ask(self._request("link", person, person.version, by, now_ms), by, now_ms)

    def change(
        self, person: Person, role: Role, scope: Scope, version: int, by: Viewer, now_ms: int
    ) -> Managed | Request:
        """Another role or scope, for somebody as seen at `version`; or a request for it."""
        if person.version != version:
            return "stale"
        if not change_waits(person.role, person.scope, role, scope):
            return self._manager.change(person.user_id, role, scope, version, _who(by), now_ms)
        request = self._request("rights", person, version, by, now_ms)._replace(role=role, scope=scope)
        return self._ask(request, by, now_ms)

    def go_ahead(
        self, user_id: str, request_id: str, by: Viewer, now_ms: int
    ) -> Invited | Managed | Literal["waits"]:
        """Do what was asked; `waits` where it still takes another person than `by`."""
        request = self.of(user_id, now_ms)
        if request is None or request.request_id != request_id:
            return "stale"
        if not may_go_ahead(request, by.user_id, now_ms):
            return "waits"
        return self._manager.go_ahead(request, by.user_id, _who(by), now_ms)

    def stop(self, user_id: str, request_id: str, by: Viewer, now_ms: int) -> bool:
        """Nothing comes of it: by whom it is for, or anybody who manages people. False where it was over."""
        return self._users.stop(user_id, request_id, _who(by), now_ms)

    def _ask(self, request: Request, by: Viewer, now_ms: int) -> Managed | Request:
        done = self._users.ask(request, _who(by), now_ms)
        return request if done == "changed" else done

    def _request(
        self, wanted: Wanted, whom: Person | NewPerson, version: int, by: Viewer, now_ms: int
    ) -> Request:
        request_id = self._new_id("req")
        return Request(request_id, whom.user_id, wanted, whom.role, whom.scope, version, by.user_id, now_ms)


def _who(by: Viewer) -> Who:
    return Who(by.actor, by.ip_hash)
