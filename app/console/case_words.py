"""What the console calls things of cases: one word for each, on every page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from app.cases.ports import Priority
from app.cases.states import MoveName, Resolution, State
from app.playbook.finding import for_typology
from detectors.meanings import meaning

PRIORITIES: Final[Mapping[Priority, str]] = {1: "critical", 2: "high", 3: "medium"}
"""As `parts.priority` draws them."""
STATES: Final[Mapping[State, str]] = {
    "open": "Open", "in_progress": "In progress", "waiting": "Waiting", "escalated": "Escalated",
    "approval": "Second pair of eyes", "closed": "Closed",
}  # fmt: skip
RESOLUTIONS: Final[Mapping[Resolution, str]] = {
    "fraud": "Fraud", "policy_abuse": "Policy abuse", "legitimate": "Legitimate", "inconclusive": "Inconclusive",
    "merged": "Merged",
}  # fmt: skip
DECIDED: Final = tuple([(name, told) for name, told in RESOLUTIONS.items() if name != "merged"])
"""What a person can decide, with its word."""
DONE: Final[Mapping[MoveName, str]] = {
    "claim": "claimed", "let_go": "let go", "assign": "assigned", "wait": "set to wait", "hold": "held",
    "escalate": "escalated", "propose": "proposed", "approve": "approved", "reject": "sent back", "close": "closed",
    "merge": "merged", "split": "split", "reopen": "reopened", "wake": "woken",
    "join": "added more to", "expire": "let go of", "release": "released", "act": "acted on",
}  # fmt: skip
"""What has become of a case by a move."""
REASONS_SHOWN: Final = 3
"""In a row: what is read at a glance."""


_SIGNS: Final = {"_kmh": " km/h", "_km": " km", "_hours": " h", "_percent": " %"}
"""How the name of a number ends → the sign of its unit."""


def measured(unit: str | None) -> tuple[str, str]:
    """What was measured and the sign of its unit: `("speed", " km/h")` of `speed_kmh`."""
    said = unit or "observed"
    for ending, sign in _SIGNS.items():
        if said.endswith(ending):
            return said.removesuffix(ending).replace("_", " "), sign
    return said.replace("_", " "), ""


def typology(name: str) -> str:
    """`Account taken over and drained`; the playbook's title."""
    known = for_typology(name)
    return known.title if known is not None else name.replace("_", " ").capitalize()


def reasons(codes: Iterable[str], most: int = REASONS_SHOWN) -> list[tuple[str, str]]:
    """The weightiest reasons: code and what it means."""
    return [(code, meaning(code)) for code in list(codes)[:most]]


def number_of(count: int, noun: str) -> str:
    """`1 case`, `12 cases`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
