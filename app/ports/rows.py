"""Decisions, accounts, links and API keys as the record holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from app.ports.journal import Action, Origin, Outcome
from detectors.event import Event
from detectors.holds import HoldEnd


class StoredAnswer(NamedTuple):
    """The answer given to an event, and the hash of the body it was given to."""

    body_hash: bytes
    answer: bytes


class DecisionRow(Struct, frozen=True):
    """A decision as the record holds it."""

    decision_id: str
    program_id: str
    event_id: str
    account_id: str
    type: str
    occurred_ms: int
    received_ms: int
    decision: Action
    shadow_decision: Action | None
    risk_score: float
    source: str
    policy_version: str
    model_version: str
    origin: Origin
    points: int | None
    burned: int | None
    outcome: Outcome | None
    outcome_ms: int | None
    answer: bytes
    found: bytes = b""
    passed_ms: int | None = None
    """When its challenge was passed; `decision` is `allow` from then on, `answer` as it was sent."""
    passed_method: str | None = None
    reserved: bytes | None = None
    hold_until_ms: int | None = None
    hold_end: HoldEnd | None = None
    """How the hold ended that nobody decided on, once it has."""
    hold_ended_ms: int | None = None


class AccountRow(Struct, frozen=True):
    """An account as the record holds it: totals over everything recorded, in points and events."""

    program_id: str
    account_id: str
    first_seen_ms: int
    last_seen_ms: int
    events: int
    earned_points: int
    redeemed_points: int
    decisions: Mapping[str, int]
    """Action → how many decisions."""
    last_risk_score: float
    last_decision: Action


class LinkRow(Struct, frozen=True):
    """A link as the record holds it, at both accounts: the other account, if it was ever recorded itself."""

    key: bytes
    account_id: str | None
    probability: float
    evidence: tuple[tuple[str, str, float], ...]
    found_ms: int


class TimelineItem(Struct, frozen=True):
    """One row of an account's timeline, newest first. `event` is the event as received, unsealed."""

    decision: DecisionRow
    event: Event


class ApiKeyRow(Struct, frozen=True):
    """An API key as stored: only the hash of its secret half."""

    key_id: str
    name: str
    secret_hash: bytes
    scopes: tuple[str, ...]
    program_id: str
    stores: tuple[str, ...]
    """Only events of these stores; empty: all."""
    created_ms: int
    expires_ms: int | None
    revoked_ms: int | None
