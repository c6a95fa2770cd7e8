"""Fraud as incidents, a typology a function; the one line below registers each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from app.demo.chance import Chance
from app.demo.habits import ordinary_life
from app.demo.intents import Incident, Intent, Verdict
from app.demo.typologies import farms, flows, insiders, stuffing, takeover, tills
from app.demo.typologies.stage import Stage, Wave
from app.demo.world import World

LEADS_A_LIFE: Final = 0.6
"""Share of accomplices of long standing who also shop for themselves."""
Plot = Callable[[Stage], Iterator[Intent]]

CATALOGUE: Final[dict[str, tuple[Verdict, Plot]]] = {
    "ato_drain": ("fraud", takeover.ato_drain),
    "probe_drain": ("fraud", takeover.probe_drain),
    "dormant_hijack": ("fraud", takeover.dormant_hijack),
    "social_eng": ("fraud", takeover.social_eng),
    "cred_stuff": ("fraud", stuffing.cred_stuff),
    "bot_velocity": ("fraud", stuffing.bot_velocity),
    "gamify": ("policy_abuse", stuffing.gamify),
    "card_clone": ("fraud", tills.card_clone),
    "cashier_self": ("fraud", tills.cashier_self),
    "earn_burn_return": ("policy_abuse", tills.earn_burn_return),
    "tier_gaming": ("policy_abuse", tills.tier_gaming),
    "double_earn": ("policy_abuse", tills.double_earn),
    "fake_receipt": ("fraud", tills.fake_receipt),
    "signup_farm": ("policy_abuse", farms.signup_farm),
    "referral_ring": ("policy_abuse", farms.referral_ring),
    "promo_stack": ("policy_abuse", farms.promo_stack),
    "transfer_mule": ("fraud", flows.transfer_mule),
    "pool_abuse": ("policy_abuse", flows.pool_abuse),
    "brokering": ("policy_abuse", flows.brokering),
    "stolen_card": ("fraud", flows.stolen_card),
    "agent_credit": ("fraud", insiders.agent_credit),
    "partner_collusion": ("fraud", insiders.partner_collusion),
}
"""Typology → what an analyst would call it, and what its people do."""


def incidents(seed: int, world: World, wanted: float, wave: Wave | None = None) -> Iterator[Intent]:
    """What about `wanted` incidents, spread evenly over the typologies, and those of the wave, are going to do."""
    if wanted > 0:
        each = max(1, round(wanted / len(CATALOGUE)))
        for typology in CATALOGUE:
            for number in range(each):
                yield from _played(typology, Stage(Chance.of(seed, "incident", typology, number), world))
    if wave is not None:
        for typology in CATALOGUE:
            yield from _played(typology, Stage(Chance.of(seed, "wave", typology), world, wave=wave))


def _played(typology: str, stage: Stage) -> Iterator[Intent]:
    verdict, plot = CATALOGUE[typology]
    incident = Incident(stage.chance.opaque("i", 64), typology, verdict)
    for intent in plot(stage):
        intent.incident = incident
        yield intent
    for account in stage.made:
        if account.opening and stage.chance.happens(LEADS_A_LIFE):
            yield from ordinary_life(stage.chance, stage.world, account)
