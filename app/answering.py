"""From a verdict to what is sent and what is journalled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from app.answers import (
    EVIDENCE_LIMIT,
    Decision,
    DetectorView,
    HoldPoints,
    LinkedAccounts,
    ReasonView,
    StepUp,
)
from app.judging import Judged
from app.ports.journal import Decided, LinkFound, Origin
from app.ports.sighting import Sighting
from app.programme import Programme
from app.settlement import burned_points
from app.stepping_up.offering import challenge_id, offered
from app.traces import pack_found
from detectors.base import Abstained, Judgement, Signal
from detectors.duplicates import LinkedAccount
from detectors.event import Event
from detectors.holds import HoldEnd
from detectors.policy import DETECTORS
from detectors.texts import spoken_to_member

REMEMBERED: Final = 0.8
"""From this probability a link counts and is remembered at both accounts: clerical review, domain.md section 2."""
LINKS_SETTLED: Final = 8
"""Links remembered at one account, the likeliest; a farm is found again through what it shares."""
HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
HELD: Final = frozenset({"redeem", "transfer", "earn", "purchase", "referral", "signup"})
"""Where a review holds points: those that move, and those that a sign-up or a referral is about to bring."""

SILENT: Final = {name: DetectorView(0.0, "abstained") for name in DETECTORS}
"""The contract's six: what is not in the catalogue yet, or was not asked, could not tell."""

_encode = msgspec.json.Encoder().encode


def decision_id(sighting: Sighting) -> str:
    """One decision an event: its id follows from the event's key and the account's journal."""
    return f"dec_{sighting.touches[0].key[0] & 15:x}{sighting.event_key.hex()}"


def instant(ms: int) -> datetime:
    """Milliseconds since 1970 as a UTC instant."""
    return datetime.fromtimestamp(ms / 1_000, UTC)


def spoken(
    event: Event,
    sighting: Sighting,
    judged: Judged,
    programme: Programme,
    origin: Origin,
    now_ms: int,
    latency_ms: float,
) -> bytes:
    """The response: the contract's decision, as the bytes that will be sent now and at every repeat."""
    policy, verdict = programme.policy, judged.verdict
    decision = Decision(
        decision_id=decision_id(sighting),
        event_id=event.event_id,
        account_id=event.account_id,
        decision=verdict.enforced,
        risk_score=round(100 * verdict.risk, 2),
        risk_level=verdict.level,
        source=verdict.source,
        detectors=SILENT | {judgement.detector: _view(judgement) for judgement in verdict.found.judgements},
        reasons=tuple(
            ReasonView(
                reason.code,
                reason.detector,
                round(min(reason.contribution, 1.0), 4),
                reason.message,
                {name: _short(value) for name, value in reason.evidence.items()},
                spoken_to_member(reason.code, verdict.enforced, policy.locale),
            )
            for reason in verdict.shown
        ),
        actions=_actions(event, sighting, judged, programme, origin, now_ms),
        linked_accounts=_linked_accounts(sighting, judged.linked),
        policy_version=verdict.policy_version,
        model_version=programme.model_version,
        mode=verdict.mode,
        degraded=verdict.degraded,
        evaluated_at=instant(now_ms),
        latency_ms=latency_ms,
        would_have=verdict.action if verdict.mode == "shadow" else msgspec.UNSET,
    )
    return _encode(decision)


def _actions(
    event: Event, sighting: Sighting, judged: Judged, programme: Programme, origin: Origin, now_ms: int
) -> tuple[StepUp | HoldPoints, ...]:
    """What has to happen next. What already happened waits for nothing, and nobody is asked to confirm it."""
    action, policy = judged.verdict.enforced, programme.policy
    if action == "review" and event.type in HELD:
        return (HoldPoints(instant(now_ms + policy.hold_hours * HOUR_MS)),)
    if action == "challenge" and origin != "event":
        methods = offered(policy.step_up.methods, judged.phone_since_ms, sighting.at_ms)
        until = instant(now_ms + policy.step_up.life_minutes * MINUTE_MS)
        name = challenge_id(decision_id(sighting))
        url = f"{programme.pages}/c/{name}" if programme.pages else msgspec.UNSET
        return (StepUp(name, methods, until, url),)
    return ()


def entry_of(
    event: Event,
    sighting: Sighting,
    judged: Judged,
    programme: Programme,
    origin: Origin,
    received_ms: int,
    answer: bytes,
) -> Decided:
    """The journal's entry."""
    verdict = judged.verdict
    links = tuple(
        LinkFound(
            bytes.fromhex(other.key),
            round(other.probability, 4),
            tuple((one.identifier, one.agreement, round(one.weight_log2, 2)) for one in other.evidence),
        )
        for other in judged.linked[:LINKS_SETTLED]
        if other.probability >= REMEMBERED
    )
    return Decided(
        decision_id(sighting),
        event,
        sighting.body_hash,
        answer,
        origin,
        received_ms,
        verdict.enforced,
        verdict.action if verdict.mode == "shadow" else None,
        round(100 * verdict.risk, 2),
        verdict.source,
        verdict.policy_version,
        programme.model_version,
        burned_points(event, verdict.enforced, origin),
        sighting.touches[0].key,
        links,
        pack_found(verdict) if verdict.action != "allow" else b"",
        judged.vector,
        judged.reserved,
        _hold(event, judged, programme, origin, received_ms),
    )


def _hold(
    event: Event, judged: Judged, programme: Programme, origin: Origin, now_ms: int
) -> tuple[int, HoldEnd] | None:
    """Until when its points are held, and how that ends. What already happened is not held back."""
    if judged.verdict.enforced != "review" or event.type not in HELD or origin == "event":
        return None
    policy = programme.policy
    value_minor = None if event.money is None else event.money.amount_minor
    return now_ms + policy.hold_hours * HOUR_MS, policy.holds.end(event.points, value_minor)


def _view(judgement: Judgement) -> DetectorView:
    score = 0.0 if isinstance(judgement, Abstained) else round(min(judgement.score, 1.0), 4)
    if isinstance(judgement, Abstained):
        return DetectorView(score, "abstained")
    return DetectorView(score, "fired" if isinstance(judgement, Signal) else "clear")


def _linked_accounts(sighting: Sighting, found: Sequence[LinkedAccount]) -> LinkedAccounts:
    likely = [other.key for other in found if other.probability >= REMEMBERED]
    if not likely:
        return LinkedAccounts(0)
    return LinkedAccounts(len(likely), f"clu_{min(sighting.touches[0].key.hex(), *likely)}")


def _short(value: float | str) -> int | float | str:
    return value[:EVIDENCE_LIMIT] if isinstance(value, str) else value
