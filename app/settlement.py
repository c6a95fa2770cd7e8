"""What a decision settles for good: points burned, totals, links. The same for live traffic and for a rebuild."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.ports.history import Settlement
from app.ports.journal import Action, Decided, Effect, LinkFound, Origin, Outcome
from detectors.event import Event

TOTALLED: Final = frozenset({"earn", "return", "adjust", "transfer", "purchase", "expire"})
"""Kinds whose points are added up at the account when the event was allowed; redemptions are burned instead."""
LEGAL: Final[dict[Outcome | None, frozenset[Outcome]]] = {
    None: frozenset({"completed", "cancelled", "reversed", "disputed"}),
    "completed": frozenset({"cancelled", "reversed", "disputed"}),
    "disputed": frozenset({"completed", "reversed"}),
    "cancelled": frozenset(),
    "reversed": frozenset(),
}
"""Which outcome may follow which. A cancellation or reversal is the end; a dispute is decided one way or the other."""


def passed(decision: Action, origin: Origin) -> bool:
    """Whether the event took place: it was allowed, or it is told as something that already happened."""
    return decision == "allow" or origin == "event"


def burned_points(event: Event, decision: Action, origin: Origin) -> int | None:
    """Points that a redemption burned; None where it burned nothing, or, at a one-time link, nothing yet."""
    burns = event.type == "redeem" and origin != "redemption" and passed(decision, origin)
    return event.points if burns else None


def settlement(entry: Decided) -> Settlement:
    """Everything the decision changes at the hot store."""
    return settled(entry.event, entry.decision, entry.origin, entry.burned, entry.account_key, entry.links)


def settled(
    event: Event,
    decision: Action,
    origin: Origin,
    burned: int | None,
    account_key: bytes,
    links: Sequence[LinkFound],
) -> Settlement:
    """The same from its parts (see `Decided`), where there is no entry."""
    counts = event.type in TOTALLED and event.points and passed(decision, origin)
    totals: dict[str, int] = {event.type: event.points or 0} if counts else {}
    both = [
        pair
        for link in links
        for pair in ((account_key, link.key, link.probability), (link.key, account_key, link.probability))
    ]
    return Settlement(totals, burned, tuple(both))


def settles(
    kind: str, outcome: Outcome, known: Outcome | None, *, allowed: bool, points: int | None
) -> Effect:
    """
    What an outcome changes of the points totalled: `settle <kind>`, `unsettle <kind>` or nothing.

    Completed, they count, whatever was decided; cancelled or reversed they do not. While it is disputed the
    decision stands: so whether they count follows from the decision and the last outcome alone.
    """
    if kind not in TOTALLED or not points:
        return ""
    before, after = took_place(known, allowed=allowed), took_place(outcome, allowed=allowed)
    return "" if before == after else f"{'settle' if after else 'unsettle'} {kind}"


def took_place(outcome: Outcome | None, *, allowed: bool) -> bool:
    """Whether an event's points count, by the last outcome told."""
    return outcome == "completed" or (allowed and outcome not in {"cancelled", "reversed"})


def passing(kind: str, known: Outcome | None, points: int | None, origin: Origin = "decision") -> Effect:
    """
    What passing its challenge changes of a challenged event's points: from now on it was allowed.

    Only where nothing was told, or `completed`: then they count already. At a one-time link they count once it is
    redeemed.
    """
    if known is not None or origin == "redemption":
        return ""
    if kind == "redeem":
        return "burn"
    return f"settle {kind}" if kind in TOTALLED and points else ""


def settled_points(effect: Effect, kind: str, points: int) -> int:
    """Points that an effect adds to the total of one kind, or takes from it."""
    return {f"settle {kind}": points, f"unsettle {kind}": -points}.get(effect, 0)


def effect_of(outcome: Outcome, *, redeemed: bool, burned: bool | None) -> Effect:
    """
    What an outcome changes of the points burned: a redemption that was not allowed may complete all the same.

    `burned` None: perhaps. Then the effect is told, and changes nothing where the points are already as it says.
    """
    if outcome == "completed" and redeemed and not burned:
        return "burn"
    return "unburn" if outcome in {"cancelled", "reversed"} and redeemed and burned is not False else ""
