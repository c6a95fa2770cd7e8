"""What is journalled, each entry once and for ever; and the words for what becomes of a decision."""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import Struct

from detectors.event import Event
from detectors.holds import HoldEnd

Outcome = Literal["completed", "cancelled", "reversed", "disputed"]
Standing = Outcome | Literal["passed"]
"""What came between: an outcome that was told, or that the decision's challenge was passed."""
Pass = Standing | Literal["locked"]
"""What stood in the way of a pass: the same, or a lock on the account."""
Effect = str
"""What an outcome changes: `burn`, `unburn`, `settle <kind>`, `unsettle <kind>` (see `app.settlement`), or nothing."""
Action = Literal["allow", "challenge", "review", "block"]
Origin = Literal["decision", "batch", "event", "fallback", "redemption"]
"""`redemption`: the check of a one-time link, which burns points only once the link is redeemed."""


class LinkFound(NamedTuple):
    """Another account found to be held by the same hand: its 8-byte entity key, how likely, and the evidence as
    (identifier, agreement, weight in bits).
    """

    key: bytes
    probability: float
    evidence: tuple[tuple[str, str, float], ...] = ()


class Decided(Struct, frozen=True, tag="decided"):
    """A decision as journalled. `answer` is the response as sent, byte for byte."""

    decision_id: str
    event: Event
    body_hash: bytes
    answer: bytes
    origin: Origin
    received_ms: int
    decision: Action
    shadow_decision: Action | None
    risk_score: float
    source: str
    policy_version: str
    model_version: str
    burned: int | None
    account_key: bytes = b""
    """The account's 8-byte entity key: what other accounts' links name it by."""
    links: tuple[LinkFound, ...] = ()
    found: bytes = b""
    """What was found, packed by `app.traces`, where the policy asked for more than a plain yes."""
    vector: bytes = b""
    """The anomaly model's features as scored: float32, little-endian (see `detectors.forest.features`)."""
    reserved: bytes = b""
    """Its parts of the programme's caps, packed by `app.capping.reservations`."""
    hold: tuple[int, HoldEnd] | None = None
    """Until when (ms) its points are held, and how that ends if nobody decides, where they are."""


class OutcomeTold(Struct, frozen=True, tag="outcome"):
    """What became of a decision, as journalled. `effect` is what it changed of the points at that instant."""

    decision_id: str
    program_id: str
    account_id: str
    event_id: str
    outcome: Outcome
    told_ms: int
    told_by: str
    occurred_ms: int
    points: int
    effect: Effect
    reserved: bytes = b""
    """As in the decision."""


class StepUpPassed(Struct, frozen=True, tag="step_up"):
    """A decision's challenge was passed, as journalled: from now on it allows. `effect` as in `OutcomeTold`."""

    decision_id: str
    program_id: str
    account_id: str
    event_id: str
    method: str
    passed_ms: int
    passed_by: str
    occurred_ms: int
    points: int
    effect: Effect
    reserved: bytes = b""


class HoldEnded(Struct, frozen=True, tag="hold"):
    """
    A hold came to its end and nobody had decided, as journalled. Released, the event's points count as if it had been
    allowed; the decision stays as it is. `effect` as in `OutcomeTold`.
    """

    decision_id: str
    program_id: str
    account_id: str
    event_id: str
    how: HoldEnd
    ended_ms: int
    occurred_ms: int
    points: int
    effect: Effect
    reserved: bytes = b""


JournalEntry = Decided | OutcomeTold | StepUpPassed | HoldEnded
