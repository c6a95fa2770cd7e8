"""What the routes need from the service: use cases and ports, handed in once by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.access import Gate
from app.answers import Answer, Audience, Explanation, OutcomeAnswer
from app.api.wire import Links
from app.cases.desk import CaseDesk
from app.feedback.desk import FeedbackDesk
from app.feedback.ports import ContextRow, PairRow
from app.locking.desk import LockDesk
from app.ports.instants import Clock
from app.ports.journal import Origin, Outcome
from app.ports.record import Page, Record
from app.redeeming.desk import Caller, Desk
from app.redeeming.enrolling import Enroller
from app.reviewing.overview import Overview
from app.stepping_up.asking import StepUpDesk
from app.users.rights import Scope
from app.webhooks.endpoints import Webhooks
from detectors.event import Event
from tokens.who import Who


class Scorer(Protocol):
    """The scoring use case. Events arrive canonical, with their programme checked against the key."""

    async def decide(self, event: Event, origin: Origin) -> Answer:
        """Decide one event, or repeat the answer it was given before."""
        ...

    async def decide_many(self, events: Sequence[Event], origin: Origin) -> Sequence[Answer]:
        """Decide events in the order given: one answer each, in that order."""
        ...

    async def tell_outcome(
        self, program_id: str, decision_id: str, outcome: Outcome, told_by: str
    ) -> OutcomeAnswer:
        """Note what became of a decision. `told_by` is the name of the key."""
        ...


class Heard(Protocol):
    """What people said, to be read. Every method raises RecordAway."""

    def contexts(self, program_id: str, *, limit: int, cursor: str | None) -> Page[ContextRow]:
        """A programme's shared contexts, expired ones included, newest first."""
        ...

    def pair_verdicts(self, program_id: str, account_id: str) -> Sequence[PairRow]:
        """What was said of an account and others, expired words included, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Api:
    """
    Everything a route may use.

    record:        the durable record; synchronous, so routes call it in a thread.
    explain:       (programme, decision id, audience, locale) → explanation, None where there is none.
    overview:      (programme, account id, scope, now) → an account from all sides, None where it is unknown; synchronous.
    links:         (programme, account id) → accounts held to be the same person's, None where it is unknown.
    entity_digest: (programme, kind, value) → the 8-byte keyed hash by which a list entry is looked up.
    policy:        programme → the active policy as JSON bytes.
    unready:       what is not ready, in words; empty when the service can take traffic.
    metrics:       the Prometheus exposition, text format.
    caught_up:     waits until what was decided before now can be read in the record.
    new_id:        prefix (`lbl`, `lst`) → a fresh id with that prefix.
    desk:          the use cases of one-time tokens.
    webhooks:      the use cases of webhooks.
    step_ups:      the use cases of challenges.
    enroller:      the use cases of enrolling passkeys.
    locks:         the use cases of locks.
    is_closed:     (programme, account id) → whether two people closed the account; synchronous.
    cases:         the use cases of cases.
    feedback:      the use cases of what people say.
    heard:         what they said, to be read; synchronous.
    who:           a caller as the audit names it.
    measured:      told of every request: path template, method, status, seconds.
    """

    scorer: Scorer
    record: Record
    gate: Gate
    clock: Clock
    explain: Callable[[str, str, Audience, str], Awaitable[Explanation | None]]
    links: Callable[[str, str], Awaitable[Links | None]]
    overview: Callable[[str, str, Scope, int], Overview | None]
    entity_digest: Callable[[str, str, str], bytes]
    policy: Callable[[str], bytes]
    unready: Callable[[], Awaitable[Sequence[str]]]
    metrics: Callable[[], Awaitable[bytes]]
    caught_up: Callable[[], Awaitable[None]]
    new_id: Callable[[str], str]
    desk: Desk
    measured: Callable[[str, str, int, float], None]
    webhooks: Webhooks
    step_ups: StepUpDesk
    enroller: Enroller
    locks: LockDesk
    is_closed: Callable[[str, str], bool]
    cases: CaseDesk
    feedback: FeedbackDesk
    heard: Heard
    who: Callable[[Caller], Who]
