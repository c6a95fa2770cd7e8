"""What recorded decisions and outcomes add up to for an account. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from app.settlement import passed, settled_points
from detectors.event import canonical, instant_ms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.ports.journal import Action, Decided, Effect, HoldEnded, StepUpPassed

COUNTED_AS: Final[dict[Action, str]] = {
    "allow": "allowed",
    "challenge": "challenged",
    "review": "reviewed",
    "block": "blocked",
}
"""Action → the accounts' column that counts it."""


def burned_after(burned: int | None, effect: Effect, points: int) -> int | None:
    """The points a redemption has burned once an outcome with this effect is told; None where none are."""
    match effect:
        case "burn":
            return points
        case "unburn":
            return None
    return burned


class Sums(Struct):
    """What a batch adds to one account. An account only touched by outcomes has no events in it."""

    account_key: bytes = b""
    first_seen_ms: int = 0
    last_seen_ms: int = 0
    events: int = 0
    earned_points: int = 0
    redeemed_points: int = 0
    allowed: int = 0
    challenged: int = 0
    reviewed: int = 0
    blocked: int = 0
    last_risk_score: float = 0.0
    last_decision: str = ""

    def take(self, entry: Decided) -> None:
        """Add one decision. Of several at the same instant the later one counts as the last."""
        at_ms = instant_ms(entry.event)
        if self.events == 0 or at_ms >= self.last_seen_ms:
            self.last_seen_ms, self.last_risk_score, self.last_decision = (
                at_ms,
                entry.risk_score,
                entry.decision,
            )
        self.first_seen_ms = at_ms if self.events == 0 else min(self.first_seen_ms, at_ms)
        self.account_key = entry.account_key or self.account_key
        self.events += 1
        if canonical(entry.event).type == "earn" and passed(entry.decision, entry.origin):
            self.earned_points += entry.event.points or 0
        self.redeemed_points += entry.burned or 0
        column = COUNTED_AS[entry.decision]
        setattr(self, column, getattr(self, column) + 1)

    def take_end(self, entry: HoldEnded) -> None:
        """A hold ended: released, its points count. The decision stays a review."""
        self.earned_points += settled_points(entry.effect, "earn", entry.points)
        self.redeemed_points += entry.points if entry.effect == "burn" else 0

    def take_passed(self, entry: StepUpPassed) -> None:
        """A challenge was passed: what was challenged is allowed, and its points count."""
        self.challenged -= 1
        self.allowed += 1
        self.earned_points += settled_points(entry.effect, "earn", entry.points)
        self.redeemed_points += entry.points if entry.effect == "burn" else 0


def summed(entries: Iterable[Decided]) -> dict[tuple[str, str], Sums]:
    """Programme and account → what these decisions add."""
    sums: dict[tuple[str, str], Sums] = {}
    for entry in entries:
        sums.setdefault((entry.event.program_id, entry.event.account_id), Sums()).take(entry)
    return sums


def as_row(account: tuple[str, str], sums: Sums) -> dict[str, Any]:
    """The parameters of the accounts' upsert."""
    values = {name: getattr(sums, name) for name in Sums.__struct_fields__}
    return {"program_id": account[0], "account_id": account[1], **values}
