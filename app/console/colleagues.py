"""Who is behind an actor's id, and who can be given a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from app.users.ports import Listed, Person
from app.users.rights import may

USER: Final = "user:"
"""What actors who are people begin with."""
_OTHERS: Final[Mapping[str, str]] = {"worker": "the worker", "member": "the member"}


class Known(Protocol):
    """The people's store, as far as it is asked here. Synchronous; raises RecordAway."""

    def person(self, user_id: str) -> Person | None: ...
    def everybody(self, now_ms: int) -> Sequence[Listed]: ...


class Colleagues:
    """
    Synchronous: called in a thread.

    Args:
        known: who there is.
    """

    def __init__(self, known: Known) -> None:
        self._known = known

    def names(self, actors: Iterable[str | None]) -> Mapping[str, str]:
        """Actor → how to call them, `ana` for `user:usr_1`. A page names a few; each is one look-up."""
        return {actor: self._name(actor) for actor in {one for one in actors if one}}

    def workers(self, program_id: str, now_ms: int) -> Sequence[tuple[str, str]]:
        """Actor and address of everybody who may work on cases of a programme, by address."""
        everybody = (one.person for one in self._known.everybody(now_ms))
        return sorted(
            ((USER + one.user_id, one.email) for one in everybody if _works(one, program_id)),
            key=lambda one: one[1],
        )

    def _name(self, actor: str) -> str:
        if not actor.startswith(USER):
            return _OTHERS.get(actor, actor)
        person = self._known.person(actor.removeprefix(USER))
        return "somebody who left" if person is None else person.email.partition("@")[0]


def _works(one: Person, program_id: str) -> bool:
    reaches = one.scope.programs is None or program_id in one.scope.programs
    return one.is_enrolled and may(one.role, "work_case") and reaches
