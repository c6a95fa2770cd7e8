"""What a case is, in one sentence made of its facts. Pure."""

from __future__ import annotations

from typing import Final

from app.cases.ports import Case
from app.console import telling
from app.console.case_words import RESOLUTIONS, number_of, typology
from app.ports.journal import Action
from app.reviewing.why import Why

MILDNESS: Final[tuple[Action, ...]] = ("allow", "challenge", "review", "block")


def headline(case: Case, now_ms: int) -> str:
    """`Suspected: account takeover and drain, 4,200 points in flight, hold ends in 3 h`."""
    parts = [part for part in (_who(case), _points(case), _end(case, now_ms)) if part]
    what = _what(case)
    return (", " if ":" in what else ": ").join((what, ", ".join(parts))) if parts else what


def _what(case: Case) -> str:
    if case.resolution is not None:
        return f"Closed as {RESOLUTIONS[case.resolution].lower()}"
    if case.typology in {"", "other"}:
        return {"dispute": "The member says it was not them", "token": "A reward is held"}.get(
            case.cause, "Something unusual"
        )
    told = typology(case.typology)
    return f"Suspected: {told[:1].lower()}{told[1:]}"


def _who(case: Case) -> str:
    return f"{number_of(case.accounts, 'account')} of probably one person" if case.kind == "ring" else ""


def _points(case: Case) -> str:
    if not case.points:
        return ""
    is_held = case.hold_ms is not None and case.state != "closed"
    return f"{telling.points(case.points)} points {'in flight' if is_held else 'at stake'}"


def _end(case: Case, now_ms: int) -> str:
    if case.state == "closed" or case.hold_ms is None:
        return ""
    left = case.hold_ms - now_ms
    return f"hold ends in {telling.span(left)}" if left > telling.MINUTE_MS else "hold is ending"


def deadline(case: Case, now_ms: int) -> tuple[int, str, str] | None:
    """The promise that comes next: its instant, what it is, and how urgent (`good`, `warn`, `bad`); None once closed."""
    if case.state == "closed":
        return None
    first = case.touched_ms is None and case.touch_ms is not None
    at_ms = case.touch_ms if first and case.touch_ms is not None else case.due_ms
    left = at_ms - now_ms
    tone = "bad" if left <= 0 else "warn" if left < telling.HOUR_MS else "good"
    by = ("Look was due", "Decision was due") if left <= 0 else ("Look by", "Decide by")
    return at_ms, by[0] if first else by[1], tone


def changes(why: Why) -> list[tuple[str, Action]]:
    """What would have changed the result, the mildest first, with each reason by its short name."""
    told = [(_short(one.change, why), one.decision) for one in why.would_change]
    return sorted(told, key=lambda one: MILDNESS.index(one[1]))


def _short(change: str, why: Why) -> str:
    for ground in why.grounds:
        change = change.replace(f"this finding ({ground.applied.text})", f"“{ground.meaning}”")
    return change.replace("; and without", " and")
