"""Views of the queue that somebody saved under a name: for themselves, or for whoever works the programme."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Protocol

from msgspec import Struct

VIEWS_MOST: Final = 50
"""A user: more tabs than anybody finds their way in."""
NAME_MOST: Final = 60
"""Characters of a name, what a tab shows."""
QUERY_MOST: Final = 1_500
"""Characters of a view's query: every filter set, several of each kind."""


class SavedView(Struct, frozen=True):
    """
    A view.

    query:      as in the address: the programme and what is chosen; names no account.
    is_shared:  seen by whoever sees all of the programme.
    is_default: what its owner is shown who asks for nothing.
    """

    view_id: str
    user_id: str
    name: str
    program_id: str
    query: str
    is_shared: bool = False
    is_default: bool = False


class Views(Protocol):
    """Where views are kept. Synchronous; every method raises RecordAway: nothing was done then."""

    def views(self, user_id: str, shared_of: Collection[str] | None) -> Sequence[SavedView]:
        """One's own, then what others share of these programmes (None: of all), each oldest first."""
        ...

    def save(self, view: SavedView, most: int, now_ms: int) -> str | None:
        """Under its name, in place of the user's one of that name; the id. None where the user has `most` others."""
        ...

    def begin_with(self, user_id: str, view_id: str) -> None:
        """Make it what its owner begins with; "": nothing is."""
        ...

    def forget(self, user_id: str, view_id: str) -> bool:
        """False where the user has no such view."""
        ...
