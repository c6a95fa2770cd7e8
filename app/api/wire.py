"""The bodies of the API in the contract's own names. They only grow: append optional fields, never rename."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from app.answers import Decision
from app.faults import Fault
from app.feedback.ports import PairVerdict
from app.ports.journal import Action, Outcome
from app.ports.lists import ListName
from app.problems import ProblemBody
from detectors.event import Event, Id, Instant

Count = Annotated[int, Meta(ge=0)]
Name = Annotated[str, Meta(min_length=1, max_length=128)]
Sentence = Annotated[str, Meta(min_length=1, max_length=500)]
ListKind = Literal["account", "device", "ip", "payment", "email", "phone", "address"]
LabelName = Literal["fraud", "legitimate", "policy_abuse", "undetermined"]
AccountState = Literal["active", "locked", "closed"]
Cursor = str | None


class BadRow(Struct, frozen=True):
    """A row of a batch that was not decided, and why. `event_id` is null where it could not be read."""

    event_id: str | None
    error: ProblemBody


DecisionOrBadRow = Annotated[
    Raw,
    Meta(
        extra_json_schema={
            "anyOf": [{"$ref": "#/components/schemas/Decision"}, {"$ref": "#/components/schemas/BadRow"}]
        }
    ),
]
"""The bytes of either: decisions are passed on as they were stored."""


class BatchAnswer(Struct, frozen=True):
    """One row for each event, in the order sent."""

    decisions: tuple[DecisionOrBadRow, ...]


class RejectedRow(Struct, frozen=True):
    """A row that was not taken. `row` counts from 0, blank lines left out."""

    row: Count
    event_id: str | None
    errors: tuple[Fault, ...]


class TakenEvents(Struct, frozen=True):
    """What became of the rows sent. `duplicates` had been taken before and changed nothing."""

    accepted: Count
    duplicates: Count
    rejected: tuple[RejectedRow, ...]


class OutcomeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What became of a decision."""

    outcome: Outcome


class OutcomeView(Struct, frozen=True):
    """The outcome that counts now."""

    decision_id: str
    outcome: Outcome


class ChallengeView(Struct, frozen=True):
    """Where the challenge of a decision stands."""

    status: Literal["open", "passed", "expired"]
    passed_at: datetime | None
    method: str | None


class HoldView(Struct, frozen=True):
    """Until when the event's points are held, and how that ended where nobody had decided by then."""

    state: Literal["held", "decided", "released", "escalated"]
    until: datetime
    ended_at: datetime | None


class RecordedDecision(Decision, frozen=True, kw_only=True):
    """The decision as it was answered, and what became of it."""

    type: str
    occurred_at: datetime
    outcome: Outcome | None
    outcome_at: datetime | None
    challenge: ChallengeView | UnsetType = UNSET
    """Where the member was asked to prove more."""
    hold: HoldView | UnsetType = UNSET
    """Where points are held while a person looks. Released, they are the member's, and the decision stays a review."""


class DecisionPage(Struct, frozen=True):
    """Decisions, newest first."""

    items: tuple[RecordedDecision, ...]
    next_cursor: Cursor


class LabelBody(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What you know of an account or of an event. At least one of the two is named."""

    label: LabelName
    source: Name
    account_id: Id | None = None
    event_id: Id | None = None
    typology: Name | None = None


class LabelView(Struct, frozen=True, kw_only=True):
    """A label as recorded."""

    label_id: str
    account_id: str | None
    event_id: str | None
    label: LabelName
    typology: str | None
    source: str
    labelled_at: datetime
    labelled_by: str


class LabelPage(Struct, frozen=True):
    """Labels, newest first."""

    items: tuple[LabelView, ...]
    next_cursor: Cursor


class Risk(Struct, frozen=True):
    """The account's latest decision."""

    score: Annotated[float, Meta(ge=0, le=100)]
    decision: Action


class Totals(Struct, frozen=True):
    """Everything recorded of the account, in events and points."""

    events: Count
    earned_points: int
    redeemed_points: int
    decisions: Mapping[str, int]


class AccountView(Struct, frozen=True, kw_only=True):
    """An account as the record holds it. One that was locked before its first event has neither risk nor instants."""

    account_id: str
    state: AccountState
    risk: Risk | None
    open_case: str | None
    totals: Totals
    first_seen_at: datetime | None
    last_seen_at: datetime | None


class TimelineView(Struct, frozen=True, kw_only=True):
    """One event of an account and its decision, without the profile: that is revealed in the console only."""

    decision_id: str
    decision: Action
    risk_score: Annotated[float, Meta(ge=0, le=100)]
    source: str
    outcome: Outcome | None
    event: Event


class TimelinePage(Struct, frozen=True):
    """An account's events, newest first."""

    items: tuple[TimelineView, ...]
    next_cursor: Cursor


class LinkEvidence(Struct, frozen=True):
    """One identifier compared, how well it agreed, and what that weighs, in bits."""

    identifier: str
    agreement: str
    weight: float


class LinkedAccount(Struct, frozen=True):
    """Another account held to be the same person's."""

    account_id: str
    probability: Annotated[float, Meta(ge=0, le=1)]
    evidence: tuple[LinkEvidence, ...]
    verdict: PairVerdict | UnsetType = UNSET
    """What a person said of the two, where somebody did."""


class Links(Struct, frozen=True):
    """The cluster an account belongs to, and its neighbours there."""

    cluster_id: str | None
    links: tuple[LinkedAccount, ...]


class ListEntryBody(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new entry. `author` defaults to the key's name; without `expires_at` it stays until removed."""

    kind: ListKind
    value: Annotated[str, Meta(min_length=1, max_length=256)]
    reason: Sentence
    author: Name | None = None
    expires_at: Instant | None = None


class ListEntryView(Struct, frozen=True, kw_only=True):
    """A list entry as recorded."""

    entry_id: str
    list: ListName
    kind: ListKind
    value: str
    reason: str
    author: str
    created_at: datetime
    expires_at: datetime | None


class ListPage(Struct, frozen=True):
    """Entries of a list, newest first."""

    items: tuple[ListEntryView, ...]
    next_cursor: Cursor


class Alive(Struct, frozen=True):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(Struct, frozen=True):
    """Stores reachable, migrations applied, model loaded."""

    status: Literal["ready"] = "ready"


Policy = dict[str, Any]
"""The active policy as its own file would hold it."""
