"""Which change would have altered the result: each is tried by weighing again without it."""

from __future__ import annotations

from collections.abc import Iterable

from detectors.actions import Action
from detectors.base import Clear, Judgement, Signal, noisy_or
from detectors.caps import UNITS, scope
from detectors.limits import Breach
from detectors.phrases import amount
from detectors.policy import Policy
from detectors.velocity import reasons as limit_reasons
from detectors.verdict import Found, Verdict, weigh

Change = tuple[str, str]
"""A lock, list entry, limit, cap, rule or finding, as (stage, id), that might not have been."""


def counterfactuals(verdict: Verdict, policy: Policy) -> tuple[str, ...]:
    """
    Changes that would have led to another answer: "At 5 redemptions in 60 min or fewer: allow".

    Every single change that gives another answer; where none alone gives `allow`, as many together
    as it takes. Empty where there is nothing to change. `policy` is the one of the verdict.
    """
    changes = _changes(verdict)
    answers = {change: _answer(verdict, [change], policy) for change in changes}
    told = [
        f"{_words(change, verdict, policy)}: {answer}"
        for change, answer in answers.items()
        if answer != verdict.action
    ]
    if verdict.action == "allow" or "allow" in answers.values():
        return tuple(told)
    for number in range(2, len(changes) + 1):
        if _answer(verdict, changes[:number], policy) == "allow":
            first, *rest = (_words(one, verdict, policy) for one in changes[:number])
            together = "; and ".join((first, *(words[0].lower() + words[1:] for words in rest)))
            return (*told, f"{together}: allow")
    return tuple(told)


def _answer(verdict: Verdict, gone: Iterable[Change], policy: Policy) -> Action:
    return weigh(verdict.event_type, _without(verdict.found, gone, policy), policy).action


def _changes(verdict: Verdict) -> list[Change]:
    """Everything found, each once, strongest stage first."""
    found = verdict.found
    changes = [("lock", found.lock.by)] if found.lock is not None else []
    changes += [("list", hit.entry_id) for hit in found.list_hits]
    changes += [("limit", breach.limit.code) for breach in found.breaches]
    changes += [("cap", spent.cap.code) for spent in found.spent]
    changes += [("rule", rule.code) for rule in found.rule_hits]
    findings = (one for one in verdict.reasons if one.detector not in {"list", "limit", "rule", "fallback"})
    changes += [("finding", one.code) for one in findings if ("limit", one.code) not in changes]
    return list(dict.fromkeys(changes))


def _without(found: Found, gone: Iterable[Change], policy: Policy) -> Found:
    out = set(gone)
    codes = {code for stage, code in out if stage in {"limit", "finding"}}
    return Found(
        tuple(_spare(judgement, codes, policy) for judgement in found.judgements),
        tuple(breach for breach in found.breaches if breach.limit.code not in codes),
        tuple(hit for hit in found.list_hits if ("list", hit.entry_id) not in out),
        tuple(rule for rule in found.rule_hits if ("rule", rule.code) not in out),
        None if any(stage == "lock" for stage, _ in out) else found.lock,
        found.excused,
        tuple(spent for spent in found.spent if ("cap", spent.cap.code) not in out),
    )


def _spare(judgement: Judgement, codes: set[str], policy: Policy) -> Judgement:
    """The judgement without the reasons of these codes."""
    if not isinstance(judgement, Signal) or not any(reason.code in codes for reason in judgement.reasons):
        return judgement
    kept = [reason for reason in judgement.reasons if reason.code not in codes]
    if judgement.detector == "velocity":
        limits = {limit.code: limit for limit in policy.limits}
        kept = limit_reasons(
            [
                Breach(limits[reason.code], int(reason.evidence[limits[reason.code].measure]))
                for reason in kept
                if reason.code in limits
            ]
        )
    if not kept:
        return Clear(judgement.detector)
    return Signal(judgement.detector, noisy_or([reason.weight for reason in kept]), kept)


def _words(change: Change, verdict: Verdict, policy: Policy) -> str:
    stage, name = change
    if stage == "lock":
        return "Without the lock on redeeming"
    if stage == "list":
        hit = next(hit for hit in verdict.found.list_hits if hit.entry_id == name)
        return f"Without the {hit.kind} on the {hit.name} list"
    if stage == "rule":
        return f"If the rule {name} had not been true"
    if stage == "cap":
        spent = next(one for one in verdict.found.spent if one.cap.code == name)
        return f"With {spent.asked}{UNITS[spent.cap.measure]} left {scope(spent.cap)}"
    limit = next((limit for limit in policy.limits if limit.code == name), None)
    if limit is not None:
        return f"At {amount(limit, limit.max)} or fewer"
    message = next(reason.message for reason in verdict.reasons if reason.code == name)
    return f"Without this finding ({message})"
