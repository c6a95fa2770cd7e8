"""The caps of a policy file: one section laid over what is below, key by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from msgspec import UNSET
from msgspec.structs import asdict

from app.policy.sections import CapSection
from app.policy.vocabulary import hint
from detectors.caps import Cap
from detectors.caps import problems as cap_problems
from detectors.policy import EVENT_TYPES, Policy

NEEDED = ("applies_to", "per", "max")


def overlay_caps(
    base: Policy, given: Mapping[str, CapSection], at: str, problems: list[str]
) -> tuple[Cap, ...]:
    """The caps of `base` with what the section says. Each problem found is added, with its key."""
    caps = {cap.code: cap for cap in base.caps}
    taken = {limit.code for limit in base.limits} | {rule.code for rule in base.rules}
    for code, section in given.items():
        said = {key: value for key, value in asdict(section).items() if value is not UNSET}
        if not said.pop("enabled"):
            caps.pop(code, None)
            continue
        known = caps.get(code)
        missing = [name for name in NEEDED if name not in said]
        if known is None and missing:
            problems.append(f"{at}caps.{code}: a new cap must also say {', '.join(missing)}")
            continue
        cap = Cap(code=code, **said) if known is None else replace(known, **said)
        if code in taken:
            problems.append(f"{at}caps.{code}: a limit or a rule has that code")
        problems += [f"{at}caps.{code}: {problem}" for problem in cap_problems(cap)]
        problems += [
            f"{at}caps.{code}.applies_to.{word}: is none of {', '.join(EVENT_TYPES)}{hint(word, EVENT_TYPES)}"
            for word in cap.applies_to
            if word not in EVENT_TYPES
        ]
        caps[code] = cap
    return tuple(caps.values())
