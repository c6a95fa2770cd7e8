"""What is answered. Fields this version does not know are ignored: the service may add some."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from msgspec import Raw, Struct

from earnest_client.errors import Fault, Problem

Action = Literal["allow", "challenge", "review", "block"]
Outcome = Literal["completed", "cancelled", "reversed", "disputed"]
Audience = Literal["analyst", "member"]
LabelName = Literal["fraud", "legitimate", "policy_abuse", "undetermined"]
Purpose = Literal["reward_link", "redemption"]
HIDDEN: Final = "…"


class DetectorSaid(Struct, frozen=True):
    """What one detector said: a score in [0, 1], and whether it fired, was clear or abstained."""

    score: float
    status: str


class Reason(Struct, frozen=True):
    """Why. `evidence` holds the deciding numbers; `member_text` may be shown to the member."""

    code: str
    detector: str
    contribution: float
    message: str
    evidence: Mapping[str, Any] = {}
    member_text: str = ""


class Step(Struct, frozen=True):
    """
    Something to do: `step_up` has a challenge_id, methods and expires_at; `hold_points` has until.

    url: of a step_up, the hosted page: send the member there, with `?return_to=` and an address of yours.
    """

    type: str
    challenge_id: str | None = None
    methods: tuple[str, ...] = ()
    expires_at: datetime | None = None
    until: datetime | None = None
    url: str | None = None


class LinkedAccounts(Struct, frozen=True):
    """How many other accounts are held to be the same person's."""

    count: int = 0
    cluster_id: str | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """
    The answer to one event.

    risk_score: 0 to 100, higher is worse.
    source:     who decided: list, limit, rule, detectors, or fallback.
    degraded:   what was missing; begins with "client: " where this client decided because Earnest was away.
    """

    decision_id: str
    event_id: str
    account_id: str
    decision: Action
    risk_score: float
    risk_level: str
    source: str
    detectors: Mapping[str, DetectorSaid] = {}
    reasons: tuple[Reason, ...] = ()
    actions: tuple[Step, ...] = ()
    linked_accounts: LinkedAccounts = LinkedAccounts()
    policy_version: str = ""
    model_version: str = ""
    mode: str = "enforce"
    degraded: tuple[str, ...] = ()
    evaluated_at: datetime | None = None
    latency_ms: float = 0.0
    would_have: Action | None = None

    @property
    def allowed(self) -> bool:
        """Whether to go on at once."""
        return self.decision == "allow"

    @property
    def step_up(self) -> Step | None:
        """The challenge the member has to pass, where there is one."""
        return next((step for step in self.actions if step.type == "step_up"), None)


class BadRow(Struct, frozen=True):
    """An event of many that was not decided, and why."""

    event_id: str | None
    error: Problem


class Decisions(Struct, frozen=True):
    """The answer to many events, one row each, not yet read."""

    decisions: tuple[Raw, ...]


class RejectedRow(Struct, frozen=True):
    """An event that was not taken. `row` counts from 0 in what was told."""

    row: int
    event_id: str | None
    errors: tuple[Fault, ...] = ()


class Told(Struct, frozen=True):
    """
    What became of events told as having happened. `duplicates` were known before and changed nothing.

    dropped: of a flush, events that found no room to wait in.
    """

    accepted: int = 0
    duplicates: int = 0
    rejected: tuple[RejectedRow, ...] = ()
    dropped: int = 0


class OutcomeTold(Struct, frozen=True):
    """The outcome that counts now."""

    decision_id: str
    outcome: Outcome


class Applied(Struct, frozen=True, kw_only=True):
    """Something that was applied, with the value seen and its limit, both in `unit`."""

    code: str
    text: str
    source: str | None = None
    observed: int | float | str | None = None
    limit: int | float | str | None = None
    unit: str | None = None
    contribution: float | None = None


class Counterfactual(Struct, frozen=True):
    """A change that would have altered the result, and what that would then have been."""

    change: str
    decision: Action


class Explanation(Struct, frozen=True, kw_only=True):
    """What was applied and what would have changed it."""

    decision_id: str
    audience: str
    locale: str
    decision: Action
    summary: str
    applied: tuple[Applied, ...] = ()
    would_change: tuple[Counterfactual, ...] = ()
    policy_version: str = ""
    model_version: str = ""
    source: str | None = None


class Label(Struct, frozen=True, kw_only=True):
    """A label as recorded."""

    label_id: str
    account_id: str | None
    event_id: str | None
    label: str
    typology: str | None
    source: str
    labelled_at: datetime
    labelled_by: str
