"""Cases as values, and what keeps them. Instants are milliseconds since 1970-01-01 UTC, money is in minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple, Protocol

from msgspec import Struct

from app.cases.states import MoveName, Resolution, State
from app.ports.journal import Action
from app.ports.record import Page
from tokens.who import Who

NOTE_MOST: Final = 10_000
"""Characters of a note or a rationale: some four pages, more than anybody reads in a queue."""
REASON_MOST: Final = 1_000
"""Characters of the reason of a move."""

Kind = Literal["account", "ring"]
Priority = Literal[1, 2, 3]
Cause = Literal["decision", "dispute", "token", "backend", "analyst"]
"""What opened a case: a decision, a member's "this was not me", a held token, a backend by the API, a person by hand."""
WaitingFor = Literal["member", "other"]
Order = Literal["rank", "due", "opened", "value"]
"""`rank`: expected loss × urgency, the greatest first; `due`: the soonest; `opened`: the newest; `value`: the most."""
SYSTEM: Final = Who("worker")
"""Who moves a case when the worker does."""


class Scope(NamedTuple):
    """
    What somebody may see: one programme, and in a franchise only cases that touched some of its partners or stores.

    partners, stores: each limits on its own; None does not limit, an empty set admits nothing.
    """

    program_id: str
    partners: frozenset[str] | None = None
    stores: frozenset[str] | None = None


class Case(Struct, frozen=True, kw_only=True):
    """
    A case as it stands; a row of the queue.

    account_id:    whom it is about; of a ring, who it began with. Notes lie sealed under this account's key.
    risk_score:    the highest of its decisions, 0 to 100.
    points:        at stake: of each account what it gained, and the largest it tried to spend.
    value_minor:   the same in money, by the programme's value of a point.
    loss_minor:    expected loss: value × risk.
    decisions, challenged, reviewed, blocked: how many flagged decisions, exact however many are linked.
    accounts:      how many accounts it is about now.
    reasons:       reason codes of its riskiest decision, the weightiest first.
    recommendation: the resolution its typology suggests.
    rank:          loss × urgency on a scale that time does not change, see `app.cases.priority`.
    touch_ms:      by when somebody should have looked; None where no such promise holds.
    due_ms:        by when it should be decided.
    touched_ms:    when it was first claimed.
    assignee:      whose it is until `lease_ms`; after that it is anybody's.
    wake_ms:       when a waiting case comes back.
    hold_ms:       until when points are held for it; the worker acts on the end as the policy says.
    proposal:      what awaits a second pair of eyes: `close_account` or `release`.
    proposed:      the resolution proposed, `proposed_by` whom; the approver must be another.
    version:       counts moves, those of the worker too; a form sends the one it was made from. More decisions of the
                   same accounts are no move: under a flood nobody could act.
    """

    case_id: str
    program_id: str
    kind: Kind
    state: State
    account_id: str
    cause: Cause
    typology: str
    priority: Priority
    risk_score: float
    points: int
    value_minor: int
    loss_minor: int
    decisions: int
    challenged: int
    reviewed: int
    blocked: int
    accounts: int
    reasons: tuple[str, ...]
    recommendation: Resolution
    rank: int
    opened_ms: int
    changed_ms: int
    touch_ms: int | None
    due_ms: int
    touched_ms: int | None
    escalated: bool
    assignee: str | None
    lease_ms: int | None
    waiting_for: WaitingFor | None
    wake_ms: int | None
    hold_ms: int | None
    proposal: str | None
    proposed: Resolution | None
    proposed_by: str | None
    resolution: Resolution | None
    merged_into: str | None
    closed_ms: int | None
    closed_by: str | None
    overridden: bool | None
    spent_ms: int | None
    reopened: int
    version: int


class CaseAccount(Struct, frozen=True):
    """An account of a case with its own figures. `why`: `flagged`, `linked`, `dispute`, `token`, `merged`, `backend`."""

    account_id: str
    why: str
    joined_ms: int
    risk_score: float
    gained_points: int
    spent_points: int
    decisions: int
    challenged: int
    reviewed: int
    blocked: int
    typology: str


class CaseDecision(Struct, frozen=True):
    """A flagged decision of a case; the newest are kept, and the first."""

    seq: int
    decision_id: str
    account_id: str
    type: str
    occurred_ms: int
    decision: Action
    risk_score: float


class Note(Struct, frozen=True):
    """A note. `text` is None where the member's data were erased."""

    note_id: str
    case_id: str
    at_ms: int
    by: str
    text: str | None


class MoveRow(Struct, frozen=True):
    """
    One change of a case, as kept.

    detail: what belongs to it, without personal data: `until`, `assignee`, `resolution`, `evidence`, `spent_ms`, …
    reason: free text; None where none was given or the member's data were erased.
    """

    seq: int
    at_ms: int
    by: str
    move: MoveName
    from_state: State
    to_state: State
    version: int
    detail: Mapping[str, object]
    reason: str | None


class CaseFile(Struct, frozen=True):
    """A case with all that hangs on it. Notes and moves oldest first, decisions newest first."""

    case: Case
    accounts: Sequence[CaseAccount]
    decisions: Sequence[CaseDecision]
    notes: Sequence[Note]
    moves: Sequence[MoveRow]
    partners: Sequence[str]
    stores: Sequence[str]


class Filter(Struct, frozen=True, kw_only=True):
    """
    Which cases; what is empty or None does not choose.

    mine:       whose lease or reservation.
    free_at_ms: nobody's at this instant.
    reasons:    one of these among the reasons shown.
    decisions:  with a decision of one of these results.
    """

    states: tuple[State, ...] = ()
    priorities: tuple[Priority, ...] = ()
    typologies: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    resolutions: tuple[Resolution, ...] = ()
    mine: str | None = None
    free_at_ms: int | None = None
    account_id: str | None = None
    partner_id: str | None = None
    store_id: str | None = None
    opened_from_ms: int | None = None
    opened_to_ms: int | None = None
    value_from_minor: int | None = None
    value_to_minor: int | None = None
    due_before_ms: int | None = None
    reasons: tuple[str, ...] = ()
    decisions: tuple[Action, ...] = ()


ALL: Final = Filter()
LIVE: Final[tuple[State, ...]] = ("open", "in_progress", "waiting", "escalated", "approval")
"""Every state but closed."""
QUEUE: Final = Filter(states=("open", "in_progress"))
"""What `claim_next` takes from: expired leases count as free. Escalated cases are asked for by their state."""


class Counts(Struct, frozen=True):
    """
    How many cases the filter chooses, exactly. Each word counts over the whole choice.

    cells: the same by state, priority and typology at once, to be added up as a page needs it.
    """

    total: int
    states: Mapping[str, int]
    priorities: Mapping[int, int]
    typologies: Mapping[str, int]
    cells: Mapping[tuple[State, Priority, str], int] = {}


class Wish(Struct, frozen=True, kw_only=True):
    """
    A move as asked for.

    reason:        why, in words; the rationale of a close. Kept sealed.
    until_ms:      of `wait`, `hold` and `assign`: until when.
    waiting_for:   of `wait`.
    assignee:      of `assign`.
    resolution:    of `close` and `propose`; `merged` is no wish.
    close_account: of `propose`: the account itself is to be closed.
    evidence:      of `close`, `propose`, `approve`: what was opened, in words such as `timeline` or `dec_…`.
    spent_ms:      of the same: the time somebody looked at it.
    into:          of `merge`: the case that goes on.
    account_ids:   of `split`: who leaves the ring, into a case of their own.
    """

    move: MoveName
    reason: str | None = None
    until_ms: int | None = None
    waiting_for: WaitingFor | None = None
    assignee: str | None = None
    resolution: Resolution | None = None
    close_account: bool = False
    evidence: tuple[str, ...] = ()
    spent_ms: int | None = None
    into: str | None = None
    account_ids: tuple[str, ...] = ()


Why = Literal[
    "unknown", "stale", "illegal", "taken", "not_yours", "needs_second", "same_person", "incomplete", "too_long",
    "too_late", "not_undoable", "open_elsewhere",
]  # fmt: skip


class Refusal(Struct, frozen=True):
    """
    Why nothing was done, as a value.

    field:   the field of the wish it is about; empty: none.
    message: a sentence for people.
    case:    as it stands, where there is one.
    since:   of `stale`: the moves made since the version that was sent.
    """

    why: Why
    message: str
    field: str = ""
    case: Case | None = None
    since: Sequence[MoveRow] = ()


class BulkRow(Struct, frozen=True):
    """What a bulk move would do to a case, or did: the case after it, or why not."""

    case_id: str
    outcome: Case | Refusal


class Cases(Protocol):
    """Where cases are durable. Synchronous; every method raises RecordAway: nothing was done then."""

    def file(self, scope: Scope, case_id: str) -> CaseFile | None: ...
    def page(
        self, scope: Scope, chosen: Filter, order: Order, *, limit: int, cursor: str | None
    ) -> Page[Case]:
        """One page. Raises BadCursor (a ValueError)."""
        ...

    def counts(self, scope: Scope, chosen: Filter) -> Counts: ...
    def some(self, scope: Scope, case_ids: Sequence[str]) -> Sequence[Case]:
        """These cases in the order given, without those that are not in the scope."""
        ...

    def open_case(self, program_id: str, account_id: str) -> str | None:
        """The id of the account's open case."""
        ...

    def claim(self, scope: Scope, case_id: str, who: Who, now_ms: int) -> Case | Refusal:
        """Take a case under a lease; one's own again renews the lease."""
        ...

    def claim_next(self, scope: Scope, chosen: Filter, who: Who, now_ms: int) -> Case | None:
        """Take the highest ranked case that is free; None where there is none."""
        ...

    def renew(self, scope: Scope, case_id: str, who: Who, now_ms: int) -> Case | Refusal:
        """Lengthen one's own lease. Notes nothing."""
        ...

    def note(self, scope: Scope, case_id: str, who: Who, text: str, now_ms: int) -> Note | Refusal: ...
    def move(
        self, scope: Scope, case_id: str, who: Who, wish: Wish, version: int | None, now_ms: int
    ) -> Case | Refusal:
        """Move a case. `version`: of the case as seen; None asks for no check (bulk moves, once previewed)."""
        ...

    def preview(self, scope: Scope, case_id: str, who: Who, wish: Wish, now_ms: int) -> Case | Refusal:
        """The case as a move would leave it; nothing is done."""
        ...

    def undo(self, scope: Scope, case_id: str, who: Who, version: int, now_ms: int) -> Case | Refusal:
        """Take back one's own move, where it was the last and can be taken back."""
        ...
