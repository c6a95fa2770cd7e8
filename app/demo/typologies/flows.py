"""Points that change hands: mules, pools, brokers, and points bought with a stolen card."""

from __future__ import annotations

from collections.abc import Iterator

from app.demo import scenes
from app.demo.friends import passed_on
from app.demo.habits import reward
from app.demo.intents import DAY_MS, Intent
from app.demo.occasions import bought, contact_change, joins
from app.demo.typologies.stage import Stage


def transfer_mule(stage: Stage) -> Iterator[Intent]:
    """Points of several victims gathered at a collector, who redeems or passes them on."""
    chance = stage.chance
    span = stage.span(0.3, 8)
    begin = stage.begin(span + 2)
    fresh = chance.happens(0.6)
    collector = stage.accomplice(stage.home(), joined_ms=begin if fresh else None)
    kit = stage.kit()
    if fresh:
        yield from joins(chance, collector, begin, stage.session(kit))
    for victim in stage.victims(chance.randint(3, 8), least=500):
        own = stage.kit(victim) if chance.happens(0.5) else kit
        at = begin + int(chance.uniform(0.05, span) * DAY_MS)
        scene = stage.session(own)
        yield Intent(at, victim, "login", scene)
        yield passed_on(victim, collector, at + stage.pause(120), scene, chance.uniform(0.6, 1.0))
    at = begin + int(span * DAY_MS)
    for _ in range(chance.randint(1, 3)):
        at += stage.pause(chance.choice((600, 10_000)))
        yield reward(chance, collector, at, stage.session(kit), chance.uniform(0.5, 1.0), liking=6)


def pool_abuse(stage: Stage) -> Iterator[Intent]:
    """A family that is none: accounts join at an address, their points go to its head and are spent at once."""
    chance = stage.chance
    head = stage.accomplice(stage.home())
    span = stage.span(0.5, 12)
    begin = stage.begin(span + 1)
    kit = stage.kit(head)
    home = {"street": head.person.street, "postcode": head.person.postcode, "city": head.person.city}
    for joiner in stage.victims(chance.randint(3, 6), least=400):
        at = begin + int(chance.uniform(0, span) * DAY_MS)
        scene = scenes.own(chance, stage.world, joiner, at)
        if chance.happens(0.6):
            yield Intent(at, joiner, "profile_change", scene, extra={"profile": dict(home)})
        yield passed_on(joiner, head, at + stage.pause(900), scene, chance.uniform(0.7, 1.0))
        if chance.happens(0.3):
            yield reward(
                chance, head, at + stage.pause(9_000), stage.session(kit), chance.uniform(0.8, 1.0), 4
            )
    yield reward(
        chance, head, begin + int((span + 0.2) * DAY_MS), stage.session(kit), chance.uniform(0.8, 1.0), 4
    )


def brokering(stage: Stage) -> Iterator[Intent]:
    """A broker who runs several members' accounts and redeems for strangers who pay for it."""
    chance = stage.chance
    kit = stage.kit()
    span = stage.span(4, 40)
    begin = stage.begin(span + 1)
    broker = stage.accomplice(stage.home())
    for seller in stage.victims(chance.randint(3, 7), least=700):
        at = begin + int(chance.uniform(0, span) * DAY_MS)
        scene = stage.session(kit)
        yield Intent(at, seller, "login", scene)
        if chance.happens(0.7):
            at += stage.pause(120)
            change = contact_change(chance, seller, at, scene, "email")
            change.extra["profile"] = {"email": broker.person.email}
            yield change
        for _ in range(chance.randint(1, 3)):
            at += stage.pause(chance.choice((600, 90_000)))
            yield reward(chance, seller, at, stage.session(kit), chance.uniform(0.3, 0.8), liking=2)


def stolen_card(stage: Stage) -> Iterator[Intent]:
    """Points bought with somebody else's card and spent before the bank notices."""
    chance = stage.chance
    begin = stage.begin(3)
    fresh = chance.happens(0.7)
    buyer = stage.accomplice(stage.home(), joined_ms=begin if fresh else None)
    kit = stage.kit(buyer)
    scene = stage.session(kit)
    at = begin
    if fresh:
        yield from joins(chance, buyer, begin, scene)
        at += stage.pause(chance.choice((900, 60_000)))
    for _ in range(chance.randint(1, 4)):
        yield bought(buyer, at, scene, chance.randint(2, 10), payment=chance.opaque("pi", 80))
        at += stage.pause(chance.choice((100, 2_000)))
    for _ in range(chance.randint(1, 3)):
        at += stage.pause(chance.choice((200, 8_000)))
        yield reward(chance, buyer, at, stage.session(kit), chance.uniform(0.5, 1.0), liking=6)
