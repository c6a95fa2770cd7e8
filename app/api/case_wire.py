"""The bodies of cases, as they are sent and received."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, structs

from app.api.paging import instant
from app.api.wire import Cursor
from app.cases.ports import (
    NOTE_MOST,
    REASON_MOST,
    BulkRow,
    Case,
    CaseFile,
    Cause,
    Kind,
    Note,
    Priority,
    Refusal,
    WaitingFor,
    Wish,
)
from app.cases.states import Resolution, State
from detectors.event import Id

Asked = Literal[
    "claim", "let_go", "assign", "wait", "wake", "hold", "escalate", "propose", "approve", "reject", "close", "merge",
    "split", "reopen", "undo",
]  # fmt: skip
"""What a caller may ask for."""
Text = Annotated[str, Meta(min_length=1, max_length=NOTE_MOST)]
Instant = Annotated[datetime, Meta(tz=True)]
AT_ONCE: Final = 200
"""Cases of one call: the longest page."""


class MoveBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """
    A move. `version`: of the case as you saw it. `reason`: of a decision, why in your own words. `until`: of `wait`,
    `hold`, `assign`. `resolution`: of `close` and `propose`. `evidence`, `spent_s`: what was opened and the seconds
    somebody looked. `into`: of `merge`. `account_ids`: of `split`.
    """

    move: Asked
    version: Annotated[int, Meta(ge=1, le=2**53)]
    reason: Text | None = None
    until: Instant | None = None
    waiting_for: WaitingFor | None = None
    assignee: Id | None = None
    resolution: Literal["fraud", "policy_abuse", "legitimate", "inconclusive"] | None = None
    close_account: bool = False
    evidence: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=REASON_MOST)], ...], Meta(max_length=200)
    ] = ()
    spent_s: Annotated[int, Meta(ge=0, le=86_400)] | None = None
    into: Id | None = None
    account_ids: Annotated[tuple[Id, ...], Meta(max_length=500)] = ()


class MovesBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One move of many cases. `preview`: only say what it would do. The other fields as for one case."""

    case_ids: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=AT_ONCE)]
    move: Literal["claim", "let_go", "assign", "wait", "wake", "hold", "escalate", "close", "reopen"]
    preview: bool = False
    reason: Text | None = None
    until: Instant | None = None
    waiting_for: WaitingFor | None = None
    assignee: Id | None = None
    resolution: Literal["fraud", "policy_abuse", "legitimate", "inconclusive"] | None = None
    spent_s: Annotated[int, Meta(ge=0, le=86_400)] | None = None


class NoteBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A note; kept sealed under the member's key."""

    text: Text


class NoteView(Struct, frozen=True):
    """A note. `text` is null where the member's data were erased."""

    note_id: str
    at: datetime
    by: str
    text: str | None


class CaseView(Struct, frozen=True, kw_only=True):
    """A case as the queue shows it. Amounts are in minor units of the programme's currency."""

    case_id: str
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
    opened_at: datetime
    changed_at: datetime
    touch_by: datetime | None
    due_by: datetime
    touched_at: datetime | None
    escalated: bool
    assignee: str | None
    lease_until: datetime | None
    waiting_for: WaitingFor | None
    wake_at: datetime | None
    hold_until: datetime | None
    proposal: str | None
    proposed: Resolution | None
    proposed_by: str | None
    resolution: Resolution | None
    merged_into: str | None
    closed_at: datetime | None
    closed_by: str | None
    overridden: bool | None
    spent_s: int | None
    reopened: int
    version: int


class CaseAccountView(Struct, frozen=True):
    """An account of a case with its own figures."""

    account_id: str
    why: str
    joined_at: datetime
    risk_score: float
    points: int
    decisions: int
    typology: str


class CaseDecisionView(Struct, frozen=True):
    """A flagged decision of a case."""

    decision_id: str
    account_id: str
    type: str
    occurred_at: datetime
    decision: str
    risk_score: float


class CaseMoveView(Struct, frozen=True):
    """A change of a case. Of `detail`, instants are milliseconds since 1970-01-01 UTC."""

    at: datetime
    by: str
    move: str
    from_state: State
    to_state: State
    version: int
    detail: Mapping[str, Any]
    reason: str | None


class CaseDetail(Struct, frozen=True):
    """A case with all that hangs on it."""

    case: CaseView
    account_list: tuple[CaseAccountView, ...]
    decision_list: tuple[CaseDecisionView, ...]
    notes: tuple[NoteView, ...]
    moves: tuple[CaseMoveView, ...]
    partner_ids: tuple[str, ...]
    store_ids: tuple[str, ...]


class CasePage(Struct, frozen=True):
    """Cases in the order asked for."""

    items: tuple[CaseView, ...]
    next_cursor: Cursor


class MovedCase(Struct, frozen=True):
    """What a move did to a case, or would do; or why not."""

    case_id: str
    case: CaseView | None
    refused: str | None


class MovedCases(Struct, frozen=True):
    """One row for each case, in the order sent."""

    items: tuple[MovedCase, ...]


_INSTANTS: Final = {
    "opened_at": "opened_ms", "changed_at": "changed_ms", "touch_by": "touch_ms", "due_by": "due_ms",
    "touched_at": "touched_ms", "lease_until": "lease_ms", "wake_at": "wake_ms", "hold_until": "hold_ms",
    "closed_at": "closed_ms",
}  # fmt: skip


def case_view(case: Case) -> CaseView:
    """A case as sent."""
    kept = structs.asdict(case)
    values = {name: kept[name] for name in CaseView.__struct_fields__ if name in kept}
    for name, source in _INSTANTS.items():
        values[name] = None if kept[source] is None else instant(kept[source])
    return CaseView(**values, spent_s=None if case.spent_ms is None else case.spent_ms // 1_000)


def detail_view(file: CaseFile) -> CaseDetail:
    """A case as sent, with all that hangs on it."""
    return CaseDetail(
        case_view(file.case),
        tuple(
            CaseAccountView(
                one.account_id, one.why, instant(one.joined_ms), one.risk_score,
                one.gained_points + one.spent_points, one.decisions, one.typology,
            )
            for one in file.accounts
        ),
        tuple(
            CaseDecisionView(
                one.decision_id, one.account_id, one.type, instant(one.occurred_ms), one.decision, one.risk_score
            )
            for one in file.decisions
        ),
        tuple(map(note_view, file.notes)),
        tuple(
            CaseMoveView(
                instant(one.at_ms), one.by, one.move, one.from_state, one.to_state, one.version, one.detail, one.reason
            )
            for one in file.moves
        ),
        tuple(file.partners),
        tuple(file.stores),
    )  # fmt: skip


def note_view(note: Note) -> NoteView:
    """A note as sent."""
    return NoteView(note.note_id, instant(note.at_ms), note.by, note.text)


def moved_view(row: BulkRow) -> MovedCase:
    """A row of a bulk move as sent."""
    if isinstance(row.outcome, Refusal):
        return MovedCase(row.case_id, None, row.outcome.message)
    return MovedCase(row.case_id, case_view(row.outcome), None)


def wish_of(body: MoveBody | MovesBody) -> Wish:
    """A move as the desk wants it."""
    sent = structs.asdict(body)
    until, spent_s = sent.pop("until"), sent.pop("spent_s")
    return Wish(
        **{name: value for name, value in sent.items() if name in Wish.__struct_fields__},
        until_ms=None if until is None else int(until.timestamp() * 1_000),
        spent_ms=None if spent_s is None else spent_s * 1_000,
    )
