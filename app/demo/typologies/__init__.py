"""Fraud as incidents, a typology a function; the one line below registers each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from app.demo.chance import Chance
from app.demo.intents import Incident, Intent, Verdict
from app.demo.typologies import takeover
from app.demo.typologies.stage import Stage
from app.demo.world import World

Plot = Callable[[Stage], Iterator[Intent]]

CATALOGUE: Final[dict[str, tuple[Verdict, Plot]]] = {
    "ato_drain": ("fraud", takeover.ato_drain),
}
"""Typology → what an analyst would call it, and what its people do."""


def incidents(seed: int, world: World, wanted: float) -> Iterator[Intent]:
    """What about `wanted` incidents, spread evenly over the typologies, are going to do."""
    if wanted <= 0:
        return
    each = max(1, round(wanted / len(CATALOGUE)))
    for typology, (verdict, plot) in CATALOGUE.items():
        for number in range(each):
            chance = Chance.of(seed, "incident", typology, number)
            incident = Incident(chance.opaque("i", 64), typology, verdict)
            for intent in plot(Stage(chance, world)):
                intent.incident = incident
                yield intent
