"""People of the programme or its partners who give points to their own."""

from __future__ import annotations

from collections.abc import Iterator

from app.demo import scenes
from app.demo.habits import reward
from app.demo.intents import DAY_MS, HOUR_MS, Intent
from app.demo.occasions import granted, partner_accrual
from app.demo.typologies.stage import Stage


def agent_credit(stage: Stage) -> Iterator[Intent]:
    """An agent grants goodwill to a friend, again and again, or much at once."""
    chance = stage.chance
    agent = chance.choice(stage.world.agents)
    friends = [stage.accomplice(stage.home()) for _ in range(chance.one(((1, 5), (3, 2))))]
    span = stage.span(1, 40)
    begin = stage.begin(span + 2)
    late = chance.happens(0.5)
    for _ in range(chance.randint(4, 16)):
        friend = chance.choice(friends)
        day = (begin + int(chance.uniform(0, span) * DAY_MS)) // DAY_MS * DAY_MS
        at = day + chance.randrange(*((18 * HOUR_MS, 23 * HOUR_MS) if late else (7 * HOUR_MS, 17 * HOUR_MS)))
        office = chance.happens(0.5)
        scene = scenes.back_office(agent) if office else scenes.by_phone(chance, stage.world, agent)
        yield granted(
            chance, friend, at, scene, "correction" if office else "goodwill", chance.randint(2, 20)
        )
    for friend in friends:
        at = begin + int((span + 1) * DAY_MS)
        scene = scenes.own(chance, stage.world, friend, at)
        yield reward(chance, friend, at, scene, chance.uniform(0.5, 1.0), liking=2)


def partner_collusion(stage: Stage) -> Iterator[Intent]:
    """A partner posts purchases that never were, for a few members who share."""
    chance = stage.chance
    partner = chance.choice(stage.world.partners)
    friends = [stage.accomplice(stage.home()) for _ in range(chance.randint(1, 5))]
    span = stage.span(2, 30)
    begin = stage.begin(span + 2)
    typical = chance.choice((7_000, 20_000, 60_000))
    for friend in friends:
        for _ in range(chance.randint(4, 18)):
            at = begin + int(chance.uniform(0, span) * DAY_MS)
            yield partner_accrual(friend, at, partner, chance.around(typical, 0.7))
        at = begin + int((span + chance.uniform(0.1, 1.5)) * DAY_MS)
        yield reward(
            chance,
            friend,
            at,
            scenes.own(chance, stage.world, friend, at),
            chance.uniform(0.6, 1.0),
            liking=3,
        )
