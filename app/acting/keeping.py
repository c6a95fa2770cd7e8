"""Where acts are durable: each is one transaction, with everything it changes and its story."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from app.acting.ports import Act, ActRow, Refused
from app.acting.seen import Planned, Seen
from app.acting.steps import Step
from app.cases.ports import Scope
from app.redeeming.issuing import Made
from tokens.who import Who


class Order(NamedTuple):
    """
    An act to be done.

    version: of the case it was seen at. plan: what it comes to, of what stands in the transaction.
    made:    the token that `reissue_token` puts in another's place, not yet issued.
    """

    act: Act
    who: Who
    version: int
    reason: str
    plan: Callable[[Seen], Planned]
    made: Made | None = None


class Kept(NamedTuple):
    """An act as kept. steps: what was done, or would take it back: of whom and what the hot store is to be told."""

    row: ActRow
    steps: Sequence[Step]
    version: int
    repeated: bool = False


class Acts(Protocol):
    """Synchronous; every method raises RecordAway: nothing was done then."""

    def see(self, scope: Scope, case_id: str, act: Act, who: Who, now_ms: int) -> Seen | None:
        """What stands now; None where there is no such case in the scope."""
        ...

    def do(self, scope: Scope, case_id: str, order: Order, now_ms: int) -> Kept | Refused:
        """Do it, or nothing of it. By an `act_id` that was done, the same again."""
        ...

    def undo(
        self,
        scope: Scope,
        case_id: str,
        act_id: str,
        who: Who,
        why_not: Callable[[ActRow], Refused | None],
        now_ms: int,
    ) -> Kept | Refused:
        """Take an act back, as far as nobody has said otherwise since; `why_not`: whether this person may."""
        ...

    def acts(self, scope: Scope, case_id: str) -> Sequence[ActRow]:
        """What was done from a case, oldest first."""
        ...

    def is_closed(self, program_id: str, account_id: str) -> bool:
        """Whether an account is closed."""
        ...
