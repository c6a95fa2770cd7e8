"""Who is signed in: what every page of the console is told of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from app.users.rights import EVERYTHING, Action, Role, Scope, may


@dataclass(frozen=True, slots=True)
class Viewer:
    """
    The signed-in user.

    user_id:      `usr_…`: what goes into records and the audit as `actor`.
    email:        as they sign in; shown to themselves and in lists of people.
    scope:        of what they see anything.
    session_hash: by which their session is known to the store.
    ip_hash:      keyed hash of where they ask from, for the audit.
    is_asked:     whether somebody asked for another role or a new link for them, so that every page says so.
    """

    user_id: str
    email: str
    role: Role
    scope: Scope = EVERYTHING
    session_hash: bytes = field(default=b"", repr=False)
    ip_hash: bytes = field(default=b"", repr=False)
    is_asked: bool = False

    @property
    def actor(self) -> str:
        """As the audit and the records name them."""
        return f"user:{self.user_id}"

    @property
    def name(self) -> str:
        """The mailbox without its host."""
        return self.email.partition("@")[0]

    def may(self, action: Action) -> bool:
        """Whether their role has the right. Whether it reaches something is for `admits`."""
        return may(self.role, action)

    def admits(self, program_id: str, partners: Collection[str] = (), stores: Collection[str] = ()) -> bool:
        """Whether something of this programme, partners and stores is theirs to see."""
        return self.scope.admits(program_id, partners, stores)
