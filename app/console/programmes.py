"""Which programmes somebody sees, and which of them a page is about: cases are asked of one at a time."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from anyio import to_thread
from starlette.responses import Response

from app.cases.ports import Scope
from app.console.visit import Visit, turned

USUAL: Final = "default"
"""The programme of who names none."""


class Chosen(NamedTuple):
    """The programme a page is about, and all there are to choose from."""

    program_id: str
    programs: Sequence[str]

    @property
    def is_one_of_several(self) -> bool:
        """Whether there is anything to choose."""
        return len(self.programs) > 1


class Programmes:
    """
    Args:
        known: the programmes there are, asked in a thread.
    """

    def __init__(self, known: Callable[[], Sequence[str]]) -> None:
        self._known = known

    async def chosen(self, visit: Visit, asked: str = "") -> Chosen:
        """
        The programme asked for, else the one looked at last, else the usual one or the first.

        Raises:
            Turned: 404: not theirs, or not there.
        """
        mine = await self._seen(visit)
        if asked and asked not in mine:
            raise turned(404, "There is no such programme, or it is not yours.")
        first = next((one for one in (asked, _remembered(visit), USUAL) if one in mine), mine[0])
        return Chosen(first, mine)

    async def _seen(self, visit: Visit) -> Sequence[str]:
        limit = visit.viewer.scope.programs
        found = sorted(limit) if limit is not None else await to_thread.run_sync(self._known)
        if limit is not None and not found:
            raise turned(404, "You have been given no programme yet.")
        return list(found) or [USUAL]


def scope_of(visit: Visit, program_id: str) -> Scope:
    """What this viewer sees of a programme's cases."""
    return Scope(program_id, visit.viewer.scope.partners, visit.viewer.scope.stores)


def remember(visit: Visit, response: Response, program_id: str) -> Response:
    """Begin with this programme the next time, in this browser."""
    if _remembered(visit) != program_id:
        text = urlsafe_b64encode(program_id.encode()).decode().rstrip("=")
        visit.console.cookies.give(response, "programme", text)
    return response


def _remembered(visit: Visit) -> str:
    text = visit.console.cookies.read(visit.request, "programme") or ""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
