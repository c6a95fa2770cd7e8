"""Finding an account: by its id, or by anything that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

from app.ports.journal import Action
from app.reviewing import hrefs
from app.users.rights import Scope

HitKind = Literal["account", "decision", "event", "token", "case"]
RECENT_SHOWN: Final = 50
"""A screen or two."""


class Hit(NamedTuple):
    """Something whose id was asked for, and whose it is."""

    kind: HitKind
    program_id: str
    name: str
    account_id: str
    at_ms: int

    @property
    def href(self) -> str:
        """Its own page; of what has none, its account's."""
        if self.kind == "case":
            return hrefs.case(self.name)
        if self.kind == "decision":
            return hrefs.decision(self.program_id, self.name)
        return hrefs.account(self.program_id, self.account_id)


class Recent(NamedTuple):
    """An account, by what it did last."""

    account_id: str
    decision_id: str
    type: str
    at_ms: int
    decision: Action
    risk_score: float


class Finding(Protocol):
    """Where ids are looked up. Raises RecordAway."""

    def programmes(self) -> Sequence[str]:
        """Programmes that have accounts, in order."""
        ...

    def named(self, programs: Sequence[str], text: str, scope: Scope) -> Sequence[Hit]:
        """Everything of these programmes with exactly this id, as far as the scope shows it."""
        ...

    def recent(self, program_id: str, scope: Scope, limit: int) -> Sequence[Recent]:
        """The accounts of the latest decisions, the latest first, each once."""
        ...

    def places(self, decision_id: str) -> str | None:
        """The programme of a decision."""
        ...
