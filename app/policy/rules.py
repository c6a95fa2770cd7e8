"""Analysts' rules in CEL: compiled and tried when the policy is read, evaluated only where there are any."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import cel
from msgspec import Struct

from app.policy.names import EVENT, ROOTS, Reader, Value, every_name, reader
from app.policy.vocabulary import hint
from detectors.policy import Policy, Rule
from detectors.snapshot import Snapshot

_STRING: Final = re.compile(r"""r?("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
_ROOT: Final = re.compile(rf"(?<![\w.])({'|'.join(ROOTS)})\b(?:\.([a-z][a-z0-9_]*))?")
_FLAGS: Final = frozenset({"has_balance", "is_emulator", "is_rooted", "disposable_email", "present"})
_NUMBERS: Final = frozenset(
    {"points", "balance_before", "burn_share_percent", "amount_minor", "hour_utc"}
)  # fmt: skip


class RuleRefused(Exception):
    """A rule that cannot be used, and why."""


class Compiled(Struct, frozen=True):
    """A rule ready to run, with the names it reads."""

    rule: Rule
    program: cel.Program
    names: frozenset[str]


class Sheet(Struct, frozen=True):
    """The rules of one event type, and how to read every name any of them uses."""

    rules: tuple[Compiled, ...]
    readers: tuple[tuple[str, str, Reader], ...]
    """Root, member, reader."""


Hits = tuple[tuple[Rule, ...], tuple[str, ...]]
"""The rules that are true of an event, and those that failed, in words for `degraded`."""


def compiled(policy: Policy) -> Callable[[Snapshot], Hits]:
    """The rules of a policy, ready to run on snapshots. Raises RuleRefused."""
    sheets = {
        event_type: _sheet([compile_rule(rule) for rule in rules])
        for event_type, rules in policy.rules_by_type.items()
        if rules
    }

    def hits(seen: Snapshot) -> Hits:
        sheet = sheets.get(seen.event.type)
        return ((), ()) if sheet is None else _run(sheet, seen)

    return hits


def _run(sheet: Sheet, seen: Snapshot) -> Hits:
    values: dict[str, dict[str, Value]] = {root: {} for root in ROOTS}
    for root, member, read in sheet.readers:
        values[root][member] = read(seen)
    context = cel.Context(values)
    hits: list[Rule] = []
    degraded: list[str] = []
    for one in sheet.rules:
        try:
            if one.program.execute(context) is True:
                hits.append(one.rule)
        except Exception as error:  # noqa: BLE001 - a rule that fails costs its own word, not the answer
            degraded.append(f"rule {one.rule.code}: {type(error).__name__}")
    return tuple(hits), tuple(degraded)


def compile_rule(rule: Rule) -> Compiled:
    """The rule, compiled and tried on sample values. Raises RuleRefused with what to change."""
    try:
        program = cel.compile(rule.when)
    except (ValueError, TypeError, RuntimeError) as error:
        raise RuleRefused(f"not a CEL expression: {error}") from error
    names = _names(rule.when)
    unknown = sorted(set(program.variables()) - set(ROOTS))
    if unknown:
        raise RuleRefused(f"unknown name {unknown[0]}; names begin with {', '.join(ROOTS)}")
    for number in (0, 1):
        _try(program, names, number)
    return Compiled(rule, program, names)


def _names(expression: str) -> frozenset[str]:
    """The dotted names of an expression, its string literals left aside."""
    names = set()
    for root, member in _ROOT.findall(_STRING.sub('""', expression)):
        name = f"{root}.{member}"
        if not member or reader(name) is None:
            meant = hint(name, every_name())
            raise RuleRefused(
                f"unknown name {name.rstrip('.')}{meant or '; docs/policy.md lists the names of a rule'}"
            )
        names.add(name)
    return frozenset(names)


def _sheet(rules: Sequence[Compiled]) -> Sheet:
    found = []
    for name in sorted({name for one in rules for name in one.names}):
        root, _, member = name.partition(".")
        read = reader(name)
        if read is not None:
            found.append((root, member, read))
    return Sheet(tuple(rules), tuple(found))


def _try(program: cel.Program, names: frozenset[str], number: int) -> None:
    """Run it on values of the right types: it must answer true or false, or at worst miss a metadata key."""
    values: dict[str, dict[str, Value]] = {root: {} for root in ROOTS}
    for name in names:
        root, _, member = name.partition(".")
        values[root][member] = _sample(root, member, number)
    try:
        answer = program.execute(cel.Context(values))
    except (KeyError, ZeroDivisionError):
        return
    except (TypeError, RuntimeError, ValueError) as error:
        raise RuleRefused(str(error)) from error
    if not isinstance(answer, bool):
        raise RuleRefused(f"must be true or false, not {type(answer).__name__}")


def _sample(root: str, member: str, number: int) -> Value:
    """A value of the type this name has."""
    if member in _FLAGS:
        return bool(number)
    if member == "metadata":
        return {}
    if member == "context" or (root == "event" and member in EVENT and member not in _NUMBERS):
        return "x" * number
    return number
