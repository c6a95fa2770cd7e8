"""From what was seen to a verdict: the one path that live traffic and replayed history both take. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.programme import Programme
from app.sighting import Sighted
from detectors.base import Abstained, Clear, Judgement
from detectors.duplicates import LinkedAccount, linked
from detectors.event import Event
from detectors.limits import Breach, breaches
from detectors.policy import Policy
from detectors.snapshot import Entity, Snapshot
from detectors.verdict import Verdict, combine, judge_all


class Judged(NamedTuple):
    """
    What was made of one event.

    linked: the accounts held to be the same person's, where `duplicates` scored anything.
    vector: the features of the anomaly model, as they were scored (see `detectors.forest.features`).
    phone_since_ms: since when the account has the telephone number it has; asked of a challenge only.
    reserved: its parts of caps, packed by `app.capping.reservations`.
    """

    verdict: Verdict
    linked: Sequence[LinkedAccount]
    vector: bytes
    phone_since_ms: int | None = None
    reserved: bytes = b""


def judge(
    programme: Programme,
    event: Event,
    sighted: Sighted,
    entities: Mapping[str, Entity],
    now_ms: int,
    degraded: Sequence[str] = (),
) -> Judged:
    """
    Judge one event under its programme.

    Args:
        programme: Policy, detectors, lists and rules.
        event: The event, canonical.
        sighted: What it touches.
        entities: What the history knows of that, this event included.
        now_ms: For the expiry of list entries.
        degraded: What had failed before.
    """
    policy = programme.policy
    snapshot = programme.snapshot(event, sighted, entities)
    judgements, failed = judge_all(programme.detectors, snapshot)
    if not snapshot.vector:
        failed.append("anomaly: its features could not be read")
    rule_hits, rules_failed = programme.rules(snapshot)
    exceeded, limits_failed = _exceeded(judgements, policy, snapshot)
    verdict = combine(
        snapshot,
        judgements,
        exceeded,
        programme.list_hits(sighted, entities, now_ms),
        rule_hits,
        policy,
        [*failed, *rules_failed, *degraded, *limits_failed],
    )
    phone = snapshot.account.facts.get("phone") if verdict.enforced == "challenge" else None
    return Judged(
        verdict,
        linked(snapshot) if _may_link(judgements) else (),
        snapshot.vector,
        None if phone is None else phone.since_ms,
    )


def _exceeded(
    judgements: Sequence[Judgement], policy: Policy, seen: Snapshot
) -> tuple[Sequence[Breach], Sequence[str]]:
    """The limits exceeded and, should they not be held, why: nothing found here may cost the member an answer."""
    if _is_clear(judgements):
        return (), ()
    try:
        return breaches(policy.limits_by_type[seen.event.type], seen), ()
    except Exception as error:  # noqa: BLE001 - as for a detector that raises
        return (), (f"limits: {type(error).__name__}",)


def _is_clear(judgements: Sequence[Judgement]) -> bool:
    """Whether `velocity`, which holds every limit, found none exceeded: then none need be held again."""
    return any(one.detector == "velocity" and isinstance(one, Clear) for one in judgements)


def _may_link(judgements: Sequence[Judgement]) -> bool:
    """Whether the accounts found alike are worth naming: `duplicates` scored something."""
    return any(
        one.detector == "duplicates" and not isinstance(one, Abstained) and one.score > 0
        for one in judgements
    )
