"""The four answers, from the mildest to the sternest."""

from __future__ import annotations

from typing import Final, Literal

Action = Literal["allow", "challenge", "review", "block"]

ACTIONS: Final[tuple[Action, ...]] = ("allow", "challenge", "review", "block")
SEVERITY: Final[dict[Action, int]] = {action: rank for rank, action in enumerate(ACTIONS)}


def sterner(one: Action, other: Action) -> Action:
    """The sterner of two."""
    return one if SEVERITY[one] >= SEVERITY[other] else other


def milder(one: Action, other: Action) -> Action:
    """The milder of two."""
    return one if SEVERITY[one] <= SEVERITY[other] else other
