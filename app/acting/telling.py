"""What an act would do, in sentences an analyst reads before pressing the button. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from app.acting.ports import Effect, EffectKind
from app.acting.seen import Plan
from detectors.amounts import amount

_WEIGHT: Final[tuple[EffectKind, ...]] = (
    "account", "redeeming", "held_points", "held_reward", "token", "list", "label", "pair", "context", "case",
)  # fmt: skip
"""Kinds of effects, what concerns the member most first."""
NAMED: Final = 3
"""As many are named; more are counted."""


def sentences(plan: Plan, currency: str) -> Sequence[str]:
    """The weightiest first; what follows from the effects, then what the plan says besides; money in `currency`."""
    found: dict[tuple[EffectKind, str], list[Effect]] = defaultdict(list)
    for effect in plan.effects:
        found[effect.kind, effect.after].append(effect)
    ordered = sorted(found.items(), key=lambda item: _WEIGHT.index(item[0][0]))
    told = [
        _TOLD[kind](effects) if after or kind == "list" else _back(effects)
        for (kind, after), effects in ordered
    ]
    return [*told, *([_worth(plan, currency)] if plan.points or plan.value_minor else []), *plan.shown]


def _which(effects: Sequence[Effect], one: str) -> str:
    names = [effect.what for effect in effects]
    if len(names) > NAMED:
        return f"{len(names):,} {one}s"
    return f"{one}{'' if len(names) == 1 else 's'} {', '.join(names)}"


def _back(effects: Sequence[Effect]) -> str:
    """What had not been said before is not said any more."""
    said = effects[0].before.replace("_", " ")
    return f"No longer {said}: {_which(effects, effects[0].kind)}."


def _redeeming(effects: Sequence[Effect]) -> str:
    off = effects[0].after != "on"
    proof = " until the member has proven who they are" if effects[0].after == "off, by step_up" else ""
    return f"Redeeming is switched {'off' if off else 'on'} at {_which(effects, 'account')}{proof}."


def _account(effects: Sequence[Effect]) -> str:
    if effects[0].after == "open":
        return f"Opened again: {_which(effects, 'account')}."
    return f"Closed for good, neither earning nor redeeming: {_which(effects, 'account')}."


def _held_points(effects: Sequence[Effect]) -> str:
    return f"Held points of {_which(effects, 'decision')}: {effects[0].after}."


def _held_reward(effects: Sequence[Effect]) -> str:
    return f"Held rewards let go: {_which(effects, 'token')}; their links work again."


def _token(effects: Sequence[Effect]) -> str:
    return f"Revoked for good: {_which(effects, 'token')}."


def _list(effects: Sequence[Effect]) -> str:
    name, _, rest = effects[0].what.partition(":")
    if not effects[0].after:
        return f"Taken from the {name} list: {_number(effects, rest.partition(':')[0])}."
    kind = rest.partition(":")[0]
    return f"On the {name} list, {effects[0].after}: {_counted(effects, kind)}."


def _counted(effects: Sequence[Effect], kind: str) -> str:
    if len(effects) > NAMED:
        return _number(effects, kind)
    return ", ".join(f"{kind} {effect.what.split(':', 2)[2]}" for effect in effects)


def _number(effects: Sequence[Effect], kind: str) -> str:
    many = {"ip": "addresses", "address": "postal addresses"}.get(kind, f"{kind}s")
    return f"{len(effects):,} {kind if len(effects) == 1 else many}"


def _label(effects: Sequence[Effect]) -> str:
    said = effects[0].after.replace("_", " ")
    return f"Labelled {said}: {_which(effects, 'account')}. The figures of the detectors follow."


def _pair(effects: Sequence[Effect]) -> str:
    said = {
        "same_person": "said to be one person: what one does counts for the other",
        "household": "said to be a household: they are not linked again by what a family shares",
        "unrelated": "said to be unrelated: links found before join them no more",
    }[effects[0].after]
    several = f"{len(effects):,} pairs of accounts are" if len(effects) > 1 else "The two accounts are"
    return f"{several} {said}."


def _context(effects: Sequence[Effect]) -> str:
    return f"Marked as shared, as {effects[0].after}: {effects[0].what}."


def _case(effects: Sequence[Effect]) -> str:
    return f"The case is {effects[0].after.replace('_', ' ')}."


def _worth(plan: Plan, currency: str) -> str:
    parts = [f"{plan.points:,} points"] if plan.points else []
    if plan.value_minor:
        parts.append(f"worth {amount(plan.value_minor, currency)}")
    return f"At stake: {', '.join(parts)}."


_TOLD: Final[Mapping[EffectKind, Callable[[Sequence[Effect]], str]]] = {
    "account": _account, "redeeming": _redeeming, "held_points": _held_points, "held_reward": _held_reward,
    "token": _token, "list": _list, "label": _label, "pair": _pair, "context": _context, "case": _case,
}  # fmt: skip
