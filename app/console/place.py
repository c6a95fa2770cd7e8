"""A place in the navigation."""

from __future__ import annotations

from typing import Final, NamedTuple

from app.users.rights import Action

HOME: Final = "/console"


class Place(NamedTuple):
    """
    An item of the navigation; seen by whoever has the right.

    name:  of the icon, and what `visit.place` is compared with.
    label: as shown.
    href:  where it leads; every path below belongs to it.
    right: needed to see it.
    key:   pressed after `g` to go there; "" for none.
    """

    name: str
    label: str
    href: str
    right: Action
    key: str = ""

    def holds(self, path: str) -> bool:
        """Whether the path is this place or below it."""
        return path == self.href or path.startswith(self.href + "/")
