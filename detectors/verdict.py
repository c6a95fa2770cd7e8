"""The verdict: lists, then limits, then rules, then what the detectors found, and why, in order of weight.

Everything found adds up in one noisy-OR, 1 - Π(1 - strength), held against the cut-offs of the event type.
What was only nearly found never decides: it spreads events within the gap below the next cut-off.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import expm1, log1p
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from detectors import caps
from detectors.actions import ACTIONS, Action, milder, sterner
from detectors.base import Abstained, Clear, Detector, Judgement, Reason, noisy_or
from detectors.limits import Breach
from detectors.locked import lock_on, lock_reason
from detectors.policy import Cutoffs, Mode, Policy, RiskLevel, Rule
from detectors.released import EXCUSABLE, excused_codes, most
from detectors.snapshot import Lock, Snapshot
from detectors.thresholds import Threshold
from detectors.velocity import reasons as limit_reasons

Source = Literal["list", "limit", "rule", "detectors", "fallback"]

SUREST: Final = Threshold(
    0.9999, "strength", "one certainty must not make all other reasons weightless", "docs/policy.md"
)
NEARNESS: Final = Threshold(
    0.95,
    "share of the gap",
    "what was nearly found counts as found, and always stays below the cut-off it did not reach",
    "docs/policy.md",
)
SHOWN: Final = Threshold(5, "reasons", "credit practice gives up to four or five principal reasons", "domain")
ANOMALY_MOST: Final[Action] = "review"
"""The sternest answer the anomaly model can lead to."""


class ListHit(NamedTuple):
    """An entry of a list that names something of this event. `kind` says what: account, ip, email."""

    name: Literal["allow", "block", "watch"]
    kind: str
    entry_id: str
    reason: str


class Weighed(Struct, frozen=True):
    """A reason with its share of everything found: contributions of one verdict add up to 1."""

    code: str
    detector: str
    contribution: float
    message: str
    evidence: dict[str, int | float | str]


class Found(NamedTuple):
    """
    All that was found at one event, before it is weighed. `lock`: where it stops this event. `excused`: codes that
    were judged legitimate at this account. `spent`: caps that have no room for it.
    """

    judgements: tuple[Judgement, ...]
    breaches: tuple[Breach, ...] = ()
    list_hits: tuple[ListHit, ...] = ()
    rule_hits: tuple[Rule, ...] = ()
    lock: Lock | None = None
    excused: tuple[str, ...] = ()
    spent: tuple[caps.CapBreach, ...] = ()


class Verdict(Struct, frozen=True):
    """
    What the policy says of one event.

    action:   what it asks for; `enforced` is what happens (in shadow mode everything is allowed but what a lock stops).
    source:   the first stage that asks for this action.
    risk:     in [0, 1]; at least a cut-off exactly where the findings reach it.
    reasons:  all of them, by contribution; `shown` are the first five.
    degraded: detectors and rules that failed, with what went wrong.
    """

    event_type: str
    action: Action
    source: Source
    risk: float
    level: RiskLevel
    mode: Mode
    policy_version: str
    found: Found
    reasons: tuple[Weighed, ...] = ()
    degraded: tuple[str, ...] = ()

    @property
    def enforced(self) -> Action:
        """What happens: in shadow mode everything is allowed, except where a lock is in the way: that is no finding."""
        return self.action if self.mode == "enforce" or self.found.lock is not None else "allow"

    @property
    def shown(self) -> tuple[Weighed, ...]:
        """The principal reasons."""
        return self.reasons[: int(SHOWN.value)]


def judge_all(detectors: Sequence[Detector], seen: Snapshot) -> tuple[list[Judgement], list[str]]:
    """Every detector's judgement; one that raises abstains and is named among the degraded."""
    judgements: list[Judgement] = []
    degraded: list[str] = []
    for detector in detectors:
        try:
            judgements.append(detector.judge(seen))
        except Exception as error:  # noqa: BLE001 - a broken detector costs its own word, not the member's answer
            judgements.append(Abstained(detector.name, "it failed"))
            degraded.append(f"{detector.name}: {type(error).__name__}")
    return judgements, degraded


def combine(
    seen: Snapshot,
    judgements: Sequence[Judgement],
    breaches: Sequence[Breach],
    list_hits: Sequence[ListHit],
    rule_hits: Sequence[Rule],
    policy: Policy,
    degraded: Sequence[str] = (),
) -> Verdict:
    """
    The verdict on one event.

    Args:
        seen: The snapshot all of it was found in.
        judgements: One per detector, from `judge_all`.
        breaches: The acting limits exceeded, from `limits.breaches(policy.limits_by_type[type], seen)`.
        list_hits: Entries of the programme's lists that name something of this event.
        rule_hits: The analysts' rules that are true of this event.
        policy: The programme's.
        degraded: What failed on the way, in words.
    """
    excused = excused_codes(judgements, seen.said.excused)
    found = Found(
        tuple(judgements), tuple(breaches), tuple(list_hits), tuple(rule_hits), lock_on(seen), excused
    )
    return weigh(seen.event.type, found, policy, tuple(degraded))


def weigh(event_type: str, found: Found, policy: Policy, degraded: tuple[str, ...] = ()) -> Verdict:
    """The verdict on an event of this type with these findings, whatever their order."""
    cutoffs = policy.cutoffs.get(event_type, NO_CUTOFFS)
    parts, near = _parts(found, policy)
    risk, asked = _asked(parts, cutoffs)
    if found.excused and asked != "allow":
        rest = _asked(_inexcusable(parts, found.excused, policy), cutoffs)[1]
        asked = sterner(rest, milder(asked, most(cutoffs)))
    action, source = _decide(found, policy, asked)
    shown = _spread(risk, near, cutoffs)
    spent = caps.reasons(found.spent)  # after the risk is known: they are no suspicion
    parts += [("limit", one.weight, (one,)) for one in spent]
    return Verdict(
        event_type,
        action,
        source,
        shown,
        policy.risk_levels.level(shown),
        policy.mode,
        policy.version,
        found,
        _weighed(parts, found.excused) if parts else (),
        degraded,
    )


def fallback(event_type: str, policy: Policy, why: str) -> Verdict:
    """The policy's answer while the event cannot be counted."""
    action = policy.fallback.get(event_type, "challenge")
    message = f"{why}; the policy answers {event_type} with {action} until it is back"
    reason = Weighed("FALLBACK", "fallback", 1.0, message, {"event_type": event_type})
    reasons = () if action == "allow" else (reason,)
    found = Found(())
    return Verdict(
        event_type, action, "fallback", 0.0, "low", policy.mode, policy.version, found, reasons, (why,)
    )  # fmt: skip


NO_CUTOFFS: Final = Cutoffs()
BEYOND_ANOMALY: Final = frozenset(ACTIONS[ACTIONS.index(ANOMALY_MOST) + 1 :])

EXCUSED: Final = "; released: judged legitimate at this account"
Part = tuple[str, float, Sequence[Reason]]
"""Who found it, how strong it is after the policy's weight, and its reasons."""


def _parts(found: Found, policy: Policy) -> tuple[list[Part], float]:
    """Everything found, and in [0, 1) how near the rest came."""
    parts: list[Part] = []
    calm = 1.0
    spoken: set[str] = set()
    for judgement in found.judgements:
        if isinstance(judgement, Abstained):
            continue
        strength = min(SUREST.value, policy.weights.get(judgement.detector, 0.0) * judgement.score)
        if isinstance(judgement, Clear) or not judgement.reasons:
            calm *= 1.0 - strength
        else:
            parts.append((judgement.detector, strength, judgement.reasons))
            spoken.update(reason.code for reason in judgement.reasons)
    silent = [breach for breach in found.breaches if breach.limit.code not in spoken]
    parts.extend(("velocity", reason.weight, (reason,)) for reason in limit_reasons(silent))
    for hit in found.list_hits:
        if hit.name != "allow":
            weight = (policy.block_list if hit.name == "block" else policy.watch_list).weight
            parts.append(("list", weight, (_list_reason(hit, weight),)))
    if found.lock is not None:
        parts.append(("list", policy.block_list.weight, (lock_reason(found.lock, policy.block_list.weight),)))
    for rule in found.rule_hits:
        if rule.effect != "allow":
            reason = Reason(rule.code, rule.weight, rule.message, {"rule": rule.code, "when": rule.when})
            parts.append(("rule", rule.weight, (reason,)))
    return parts, 1.0 - calm


def _asked(parts: Sequence[Part], cutoffs: Cutoffs) -> tuple[float, Action]:
    """The risk of these, and what it asks for: of the anomaly model no more than `ANOMALY_MOST`."""
    risk = _risk([strength for _, strength, _ in parts])
    asked = cutoffs.action(risk)
    if asked in BEYOND_ANOMALY:
        rest = _risk([strength for detector, strength, _ in parts if detector != "anomaly"])
        asked = sterner(cutoffs.action(rest), milder(asked, ANOMALY_MOST))
    for _, strength, reasons in parts:
        for reason in reasons if strength else ():
            asked = sterner(asked, reason.least)
    return risk, asked


def _inexcusable(parts: Sequence[Part], excused: Sequence[str], policy: Policy) -> list[Part]:
    """What is left without the reasons that are excused; a detector's other reasons keep their weight."""
    left: list[Part] = []
    for detector, strength, reasons in parts:
        kept = [reason for reason in reasons if detector not in EXCUSABLE or reason.code not in excused]
        if len(kept) == len(reasons):
            left.append((detector, strength, reasons))
        elif kept:
            score = noisy_or([reason.weight for reason in kept])
            left.append((detector, min(SUREST.value, policy.weights.get(detector, 0.0) * score), kept))
    return left


def _list_reason(hit: ListHit, weight: float) -> Reason:
    message = f"the {hit.kind} is on the {hit.name} list: {hit.reason}"
    return Reason(f"LIST_{hit.name.upper()}", weight, message, {"kind": hit.kind, "entry_id": hit.entry_id})


def _risk(strengths: Sequence[float]) -> float:
    """Noisy-OR, in one order whatever the order given, so that equal findings give equal bits."""
    clear = 1.0
    for strength in sorted(strengths):
        clear *= 1.0 - strength
    return 1.0 - clear


def _spread(risk: float, near: float, cutoffs: Cutoffs) -> float:
    """
    The risk moved up by nearness, as by one finding more, but never to the next cut-off: the nearer that is, the
    less of it (1 - e^-x of the gap).
    """
    gap = next((cutoff for cutoff, _ in cutoffs.steps if cutoff > risk), 1.0) - risk
    return risk - gap * NEARNESS.value * expm1(-(1.0 - risk) * near / gap)


def _decide(found: Found, policy: Policy, asked: Action) -> tuple[Action, Source]:
    """The sternest answer any stage asks for, and the first to ask for it. Nothing pardons a lock or a cap."""
    if found.lock is not None:
        return "block", "list"
    if not (found.list_hits or found.breaches or found.rule_hits or found.spent):
        return asked, "detectors"
    limited: Action = "allow"
    for spent in found.spent:
        limited = sterner(limited, spent.cap.action)
    names = {hit.name for hit in found.list_hits}
    if "allow" in names and "block" not in names:
        return ("allow", "list") if limited == "allow" else (limited, "limit")
    listed: Action = policy.block_list.action if "block" in names else "allow"
    if "watch" in names:
        listed = sterner(listed, policy.watch_list.action)
    for breach in found.breaches:
        limited = sterner(limited, breach.limit.action)
    ruled: Action = "allow"
    for rule in found.rule_hits:
        ruled = sterner(ruled, rule.effect)
    pardoned = any(rule.effect == "allow" for rule in found.rule_hits)
    if pardoned:
        asked = "allow"
    action = sterner(sterner(listed, limited), sterner(ruled, asked))
    if action == "allow":
        return action, "rule" if pardoned else "detectors"
    stages: tuple[tuple[Source, Action], ...] = (("list", listed), ("limit", limited), ("rule", ruled))
    return action, next((source for source, stage in stages if stage == action), "detectors")


def _weighed(parts: Sequence[Part], excused: Sequence[str]) -> tuple[Weighed, ...]:
    """Each reason with its share of -log(1 - risk): shares of independent evidence add up. Excused ones say so."""
    shares = []
    for detector, strength, reasons in parts:
        inside = [-log1p(-min(reason.weight, SUREST.value)) for reason in reasons]
        total = sum(inside)
        whole = -log1p(-strength)
        for reason, part in zip(reasons, inside, strict=True):
            shares.append((whole * part / total if total else 0.0, detector, reason))
    everything = sum(share for share, _, _ in sorted(shares, key=_order))
    weighed = [
        Weighed(
            reason.code,
            detector,
            share / everything if everything else 1.0 / len(shares),
            reason.message + EXCUSED if reason.code in excused else reason.message,
            {**reason.evidence, "released": 1} if reason.code in excused else dict(reason.evidence),
        )
        for share, detector, reason in sorted(shares, key=_order)
    ]
    return tuple(weighed)


def _order(share: tuple[float, str, Reason]) -> tuple[float, str, str, str, str]:
    reason = share[2]
    return -share[0], reason.code, share[1], reason.message, str(reason.evidence)
