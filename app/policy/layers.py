"""One section laid over a policy: what it says replaces, what it does not say stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from ipaddress import ip_network
from typing import Any

from msgspec import UNSET, Struct, structs
from msgspec.structs import asdict

from app.policy.capping import overlay_caps
from app.policy.returning import address_problem
from app.policy.rules import RuleRefused, compile_rule
from app.policy.sections import LimitSection, Section, StepUpSection
from app.policy.vocabulary import hint, misnamed
from detectors.default_limits import SHARED
from detectors.limits import Limit
from detectors.limits import problems as limit_problems
from detectors.policy import DETECTORS, EVENT_TYPES, Cutoffs, Policy, Rule, StepUp

OPTIONAL_IN_A_LIMIT = frozenset({"exempt_channels", "exempt_contexts", "reason"})


def overlay(base: Policy, section: Section, at: str, problems: list[str]) -> Policy:
    """
    The policy `base` with what the section says.

    Args:
        base: The layer below.
        section: What is laid over it.
        at: Where the section stands in the file, for the messages: "" or "programs.acme.".
        problems: Each problem found is added here; the policy returned is then not to be used.
    """
    for key, table, known in (
        ("cutoffs", section.cutoffs, EVENT_TYPES),
        ("fallback", section.fallback, EVENT_TYPES),
        ("weights", section.weights, DETECTORS),
    ):
        _refuse_unknown(f"{at}{key}", table, known, problems)
    cutoffs = {name: Cutoffs(**asdict(given)) for name, given in section.cutoffs.items()}
    for name, given in cutoffs.items():
        problems += [f"{at}cutoffs.{name}: {problem}" for problem in given.problems()]
    risk_levels = replace(base.risk_levels, **_said(section.risk_levels))
    if not risk_levels.medium <= risk_levels.high <= risk_levels.critical:
        problems.append(f"{at}risk_levels: must rise: medium, high, critical")
    rules = (*base.rules, *(Rule(**asdict(rule)) for rule in section.rules))
    _check_rules(rules, at, problems)
    named: dict[tuple[str, str], str] = {}
    for shared in (*base.contexts, *section.contexts):
        other = named.setdefault((shared.kind, shared.value), shared.context)
        if other != shared.context:
            problems.append(
                f"{at}contexts: {shared.kind} {shared.value!r} is both {other} and {shared.context}"
            )
    for shared in section.contexts:
        if shared.kind == "ip" and not _is_network(shared.value):
            problems.append(
                f"{at}contexts: {shared.value!r} is no IP address and no network such as 10.9.0.0/16"
            )
        if shared.context not in SHARED:
            problems.append(f"{at}contexts: {shared.context!r} is none of {', '.join(SHARED)}")
    return replace(
        base,
        mode=base.mode if section.mode is UNSET else section.mode,
        locale=base.locale if section.locale is UNSET else section.locale,
        hold_hours=base.hold_hours if section.hold_hours is UNSET else section.hold_hours,
        segment=structs.replace(base.segment, **_said(section.segment)),
        cutoffs={**base.cutoffs, **cutoffs},
        weights={**base.weights, **section.weights},
        fallback={**base.fallback, **section.fallback},
        risk_levels=risk_levels,
        block_list=replace(base.block_list, **_said(section.block_list)),
        watch_list=replace(base.watch_list, **_said(section.watch_list)),
        limits=_limits(base.limits, section.limits, at, problems),
        rules=rules,
        contexts=(*base.contexts, *section.contexts),
        step_up=_step_up(base.step_up, section.step_up, at, problems),
        holds=replace(base.holds, **_said(section.holds)),
        caps=overlay_caps(base, section.caps, at, problems),
    )


def _step_up(base: StepUp, section: StepUpSection, at: str, problems: list[str]) -> StepUp:
    step_up = replace(base, **_said(section))
    if not step_up.methods or len(set(step_up.methods)) != len(step_up.methods):
        problems.append(f"{at}step_up.methods: name at least one method, and none twice")
    if step_up.passkey_points is not None and "passkey" not in step_up.methods:
        problems.append(f"{at}step_up.passkey_points: `passkey` is none of the methods")
    if not set(step_up.passkey_fallback) <= set(step_up.methods):
        problems.append(f"{at}step_up.passkey_fallback: names what is none of the methods")
    found = ((url, address_problem(url)) for url in step_up.return_urls)
    problems += [f"{at}step_up.return_urls: {url!r} {problem}" for url, problem in found if problem]
    return step_up


def _said(section: Struct) -> dict[str, Any]:
    return {key: value for key, value in asdict(section).items() if value is not UNSET}


def _refuse_unknown(at: str, given: Iterable[str], known: Iterable[str], problems: list[str]) -> None:
    known = tuple(known)
    problems += [_unknown(f"{at}.{name}", name, known) for name in given if name not in known]


def _unknown(key: str, name: str, known: tuple[str, ...]) -> str:
    return f"{key}: is none of {', '.join(known)}{hint(name, known)}"


def _limits(
    below: tuple[Limit, ...], given: Mapping[str, LimitSection], at: str, problems: list[str]
) -> tuple[Limit, ...]:
    limits = {limit.code: limit for limit in below}
    for code, section in given.items():
        said = _said(section)
        if not said.pop("enabled"):
            limits.pop(code, None)
            continue
        known = limits.get(code)
        missing = {one.name for one in fields(Limit)} - {"code", *said} - OPTIONAL_IN_A_LIMIT
        if known is None and missing:
            problems.append(f"{at}limits.{code}: a new limit must also say {', '.join(sorted(missing))}")
            continue
        limit = Limit(code=code, **said) if known is None else replace(known, **said)
        found = limit_problems(limit)
        _refuse_unknown(f"{at}limits.{code}.applies_to", limit.applies_to, EVENT_TYPES, problems)
        _refuse_unknown(f"{at}limits.{code}.exempt_contexts", limit.exempt_contexts, SHARED, problems)
        problems += [f"{at}limits.{code}: {problem}" for problem in found]
        problems += [
            _unknown(f"{at}limits.{code}.{key}.{word}", word, known) for key, word, known in misnamed(limit)
        ]
        limits[code] = limit
    return tuple(limits.values())


def _check_rules(rules: tuple[Rule, ...], at: str, problems: list[str]) -> None:
    codes = [rule.code for rule in rules]
    problems += [
        f"{at}rules: {code} is used twice" for code in sorted({c for c in codes if codes.count(c) > 1})
    ]
    for rule in rules:
        _refuse_unknown(f"{at}rules.{rule.code}.applies_to", rule.applies_to, EVENT_TYPES, problems)
        try:
            compile_rule(rule)
        except RuleRefused as refused:
            problems.append(f"{at}rules.{rule.code}.when: {refused}")


def _is_network(value: str) -> bool:
    try:
        ip_network(value, strict=False)
    except ValueError:
        return False
    return True
