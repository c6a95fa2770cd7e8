"""What was found at a decision that was not a plain yes, kept so that it can be weighed again when somebody asks why."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, msgpack

from detectors.actions import Action
from detectors.base import Abstained, Clear, Judgement, Reason, Signal
from detectors.caps import CapBreach
from detectors.limits import Breach
from detectors.policy import Policy
from detectors.snapshot import Lock
from detectors.verdict import Found, ListHit, Verdict

Value = int | float | str


class _Reason(Struct, frozen=True, array_like=True):
    code: str
    weight: float
    message: str
    evidence: dict[str, Value]
    least: Action = "allow"


class _Judgement(Struct, frozen=True, array_like=True):
    """`score` None: abstained, and why. No reasons: clear."""

    detector: str
    score: float | None
    why: str
    reasons: list[_Reason]


class _Hit(Struct, frozen=True, array_like=True):
    name: Literal["allow", "block", "watch"]
    kind: str
    entry_id: str
    reason: str


class Traces(Struct, frozen=True, array_like=True):
    """Append fields with defaults, never reorder: the record is full of these."""

    judgements: list[_Judgement]
    breaches: list[tuple[str, int]]
    list_hits: list[_Hit]
    rules: list[str]
    lock: tuple[int, str] | None = None
    excused: tuple[str, ...] = ()
    spent: list[tuple[str, int, int, str]] = []


_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(Traces).decode


def pack_found(verdict: Verdict) -> bytes:
    """The findings as bytes."""
    found = verdict.found
    return _encode(
        Traces(
            [_packed(judgement) for judgement in found.judgements],
            [(breach.limit.code, breach.observed) for breach in found.breaches],
            [_Hit(*hit) for hit in found.list_hits],
            [rule.code for rule in found.rule_hits],
            None if found.lock is None else (found.lock.since_ms, found.lock.by),
            found.excused,
            [(one.cap.code, one.used, one.asked, one.whose) for one in found.spent],
        )
    )


def unpack_found(packed: bytes, policy: Policy) -> Found:
    """The findings again, under the policy they were found under; limits, caps and rules it no longer has left out."""
    traces = _decode(packed)
    limits = {limit.code: limit for limit in policy.limits}
    rules = {rule.code: rule for rule in policy.rules}
    caps = {cap.code: cap for cap in policy.caps}
    return Found(
        tuple(_unpacked(one) for one in traces.judgements),
        tuple(Breach(limits[code], observed) for code, observed in traces.breaches if code in limits),
        tuple(ListHit(hit.name, hit.kind, hit.entry_id, hit.reason) for hit in traces.list_hits),
        tuple(rules[code] for code in traces.rules if code in rules),
        None if traces.lock is None else Lock(*traces.lock),
        traces.excused,
        tuple(
            CapBreach(caps[code], used, asked, whose)
            for code, used, asked, whose in traces.spent
            if code in caps
        ),
    )


def _packed(judgement: Judgement) -> _Judgement:
    if isinstance(judgement, Abstained):
        return _Judgement(judgement.detector, None, judgement.why, [])
    reasons = judgement.reasons if isinstance(judgement, Signal) else ()
    return _Judgement(
        judgement.detector,
        judgement.score,
        "",
        [_Reason(one.code, one.weight, one.message, dict(one.evidence), one.least) for one in reasons],
    )


def _unpacked(told: _Judgement) -> Judgement:
    if told.score is None:
        return Abstained(told.detector, told.why)
    if not told.reasons:
        return Clear(told.detector, told.score)
    reasons = [Reason(one.code, one.weight, one.message, one.evidence, one.least) for one in told.reasons]
    return Signal(told.detector, told.score, reasons)
