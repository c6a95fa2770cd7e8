"""What a use case can answer, as values, and the decision in the contract's own names.

The wire structs only grow: append optional fields, never rename or reinterpret one (`contract.md`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from app.ports.journal import Action, Outcome

EVIDENCE_LIMIT: Final = 512
"""Characters of one text value in the evidence; as long as the longest value an event may carry."""

RiskLevel = Literal["low", "medium", "high", "critical"]
Source = Literal["list", "limit", "rule", "detectors", "fallback"]
Mode = Literal["enforce", "shadow"]
Audience = Literal["analyst", "member"]
Share = Annotated[float, Meta(ge=0, le=1)]
Evidence = Mapping[str, int | float | Annotated[str, Meta(max_length=EVIDENCE_LIMIT)]]

# ---------------------------------------------------------------- the decision, as sent


class DetectorView(Struct, frozen=True):
    """What one detector said. The score is in [0, 1]; 0 where it abstained."""

    score: Share
    status: Literal["fired", "clear", "abstained"]


class ReasonView(Struct, frozen=True):
    """One reason. `contribution` is in [0, 1]; `evidence` holds the deciding numbers, with their units."""

    code: str
    detector: str
    contribution: Share
    message: str
    evidence: Evidence
    member_text: str


class StepUp(Struct, frozen=True, tag_field="type", tag="step_up"):
    """The member has to prove more before the event may complete."""

    challenge_id: str
    methods: tuple[Literal["sms_otp", "totp", "passkey"], ...]
    expires_at: datetime
    url: str | UnsetType = UNSET
    """The hosted page: send the member there, with `?return_to=` and an address the policy allows."""


class HoldPoints(Struct, frozen=True, tag_field="type", tag="hold_points"):
    """The points are not to be spent before that instant."""

    until: datetime


class LinkedAccounts(Struct, frozen=True):
    """How many other accounts are held to be the same person's, and the cluster they form."""

    count: Annotated[int, Meta(ge=0)]
    cluster_id: str | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """The answer to one event: what to do, how risky it is, and why."""

    decision_id: str
    event_id: str
    account_id: str
    decision: Action
    risk_score: Annotated[float, Meta(ge=0, le=100, description="Two decimals; higher is worse.")]
    risk_level: RiskLevel
    source: Source
    detectors: Mapping[str, DetectorView]
    reasons: tuple[ReasonView, ...]
    actions: tuple[StepUp | HoldPoints, ...]
    linked_accounts: LinkedAccounts
    policy_version: str
    model_version: str
    mode: Mode
    degraded: tuple[str, ...]
    evaluated_at: datetime
    latency_ms: Annotated[float, Meta(ge=0)]
    would_have: Action | UnsetType = UNSET
    """In shadow mode only: what would have been decided had the policy been enforced."""


# ---------------------------------------------------------------- the explanation, as sent


class Applied(Struct, frozen=True, kw_only=True):
    """Something that was applied, with the value seen and the limit it was held against. Both in `unit`."""

    code: str
    text: str
    source: Source | UnsetType = UNSET
    """Who it comes from; not told to members, who need not know of lists and limits."""
    observed: int | float | str | None = None
    limit: int | float | str | None = None
    unit: str | None = None
    contribution: Share | None = None


class Counterfactual(Struct, frozen=True):
    """A change that would have altered the result, and what the result would then have been."""

    change: str
    decision: Action


class Explanation(Struct, frozen=True, kw_only=True):
    """What was applied and what would have changed it, for an analyst or in the member's words."""

    decision_id: str
    audience: Audience
    locale: str
    decision: Action
    summary: str
    applied: tuple[Applied, ...]
    would_change: tuple[Counterfactual, ...]
    policy_version: str
    model_version: str
    source: Source | UnsetType = UNSET


# ---------------------------------------------------------------- answers to a use case's caller


@dataclass(frozen=True, slots=True)
class Decided200:
    """The decision, as the bytes to send. `repeated`: this is the answer given to the same event before."""

    body: bytes
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Conflict409:
    """The event id is taken by an event with another body."""


@dataclass(frozen=True, slots=True)
class Unavailable503:
    """Nothing was decided, nothing counted that a retry would count again. Ask again after that many s."""

    retry_after_s: int = 1


Answer = Decided200 | Conflict409 | Unavailable503


@dataclass(frozen=True, slots=True)
class Told:
    """The outcome is journalled. `outcome` is the one that counts now."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class UnknownDecision:
    """No decision of that id in this programme."""


@dataclass(frozen=True, slots=True)
class RefusedTransition:
    """An outcome was told before which this one cannot follow."""

    known: Outcome


OutcomeAnswer = Told | UnknownDecision | RefusedTransition | Unavailable503
