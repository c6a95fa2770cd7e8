"""What nobody who manages people does alone: give the power to approve, or take the place of who has it. Pure."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from app.users.limits import REQUEST_LIFE_MS, SECOND_WAIT_MS
from app.users.rights import RIGHTS, Action, Role, Scope

STRONG: Final[frozenset[Action]] = frozenset(
    {"approve", "release_above", "close_account", "edit_policy", "manage_users"}
)
"""Rights by which somebody decides over others' work, others' rights, or without anybody else."""
Wanted = Literal["link", "rights"]
"""What is asked for somebody: a link to enrol by, in place of all they had, or another role or scope."""


class Request(NamedTuple):
    """
    Something asked for somebody, that nothing has come of yet.

    user_id:     whom it is for.
    role, scope: which they would have; with a link, those they have.
    version:     theirs when it was asked: it is good for nothing once something of them changed.
    asked_by:    user id of who manages people.
    """

    request_id: str
    user_id: str
    wanted: Wanted
    role: Role
    scope: Scope
    version: int
    asked_by: str
    asked_ms: int

    @property
    def alone_from_ms(self) -> int:
        """From when no second person is needed."""
        return self.asked_ms + SECOND_WAIT_MS

    @property
    def until_ms(self) -> int:
        """When it is over."""
        return self.asked_ms + REQUEST_LIFE_MS


def link_waits(role: Role) -> bool:
    """Whether a link that makes its holder somebody of this role is for two to give."""
    return not STRONG.isdisjoint(RIGHTS[role])


def change_waits(role: Role, scope: Scope, to_role: Role, to_scope: Scope) -> bool:
    """Whether a change is for two to make: it leads to a strong role, and to more rights or a wider scope than before."""
    gains = not RIGHTS[to_role] <= RIGHTS[role] or to_scope.within(scope) != to_scope
    return link_waits(to_role) and gains


def may_go_ahead(request: Request, user_id: str, now_ms: int) -> bool:
    """Whether this manager of people may: neither who asked nor whom it is for, or anybody once it has waited."""
    is_second = user_id not in {request.asked_by, request.user_id}
    return now_ms < request.until_ms and (is_second or now_ms >= request.alone_from_ms)
