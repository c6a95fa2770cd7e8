"""At the till: copied cards, cashiers who serve themselves, goods brought back after the points are gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.demo import scenes
from app.demo.habits import bring_back, pay_with_points, reward
from app.demo.intents import DAY_MS, HOUR_MS, MINUTE_MS, Intent, Spend
from app.demo.people import Account
from app.demo.typologies.stage import Stage

UNTIL_RETURNED_DAYS: Final = 40.0
"""From the first purchase until the last of the goods are back, of nearly all; in short windows less."""


def opening_hours(stage: Stage, day_ms: int) -> int:
    """An instant at which stores are open, on that day."""
    return day_ms // DAY_MS * DAY_MS + stage.chance.randrange(7 * HOUR_MS, 18 * HOUR_MS)


def card_clone(stage: Stage) -> Iterator[Intent]:
    """A guessed or copied card number used at tills the member never saw."""
    chance = stage.chance
    at = opening_hours(stage, stage.begin(3))
    victims = stage.victims(chance.one(((1, 4), (3, 3), (6, 2))), least=600)
    far = stage.world.stores_near(victims[0].place)
    stores = chance.some(far[chance.choice((2, 4, len(far) // 2)) :] or far, chance.choice((1, 2, 3)))
    for victim in victims:
        for _ in range(chance.one(((1, 3), (2, 3), (4, 2)))):
            yield pay_with_points(
                chance, victim, at, scenes.at_till(chance, chance.choice(stores)), chance.uniform(0.3, 1.0)
            )
            at += stage.pause(chance.choice((240, 2_400)), 0.8)


def cashier_self(stage: Stage) -> Iterator[Intent]:
    """Customers without a card; the cashier has one at hand."""
    chance = stage.chance
    store = chance.choice(stage.world.stores)
    employee = chance.choice(store.staff)
    own = stage.accomplice(stage.home(store.place.country))
    span = stage.span(10, 60)
    begin = stage.begin(span)
    a_day = chance.choice((1.0, 3.0, 7.0))
    for day in range(int(span)):
        if chance.happens(0.3):
            continue
        for _ in range(1 + chance.count(a_day)):
            at = opening_hours(stage, begin + day * DAY_MS)
            scene = scenes.at_till(chance, store, employee)
            yield Intent(at, own, "earn", scene, Spend(int(chance.around(2_800, 0.9)) + 100), "purchase")
    last = opening_hours(stage, begin + int(span) * DAY_MS)
    others = [other for other in stage.world.stores_near(store.place) if other is not store] or [store]
    yield pay_with_points(
        chance, own, last, scenes.at_till(chance, chance.choice(others)), chance.uniform(0.5, 1.0)
    )


def earn_burn_return(stage: Stage) -> Iterator[Intent]:
    """Buy, spend the points, bring the goods back."""
    chance = stage.chance
    buyer = stage.accomplice(stage.home()) if chance.happens(0.5) else stage.victims(1)[0]
    at = opening_hours(stage, stage.begin(min(UNTIL_RETURNED_DAYS, stage.world.days / 3)))
    for _ in range(chance.one(((2, 4), (3, 2), (5, 1)))):
        scene = scenes.at_till(chance, chance.choice(buyer.stores))
        dear = Spend(int(chance.around(28_000, 0.7)) + 2_000)
        bought = Intent(at, buyer, "earn", scene, dear, "purchase")
        yield bought
        burn_at = at + stage.pause(chance.choice((1_200, 40_000)), 0.8)
        yield reward(
            chance,
            buyer,
            burn_at,
            scenes.own(chance, stage.world, buyer, burn_at),
            chance.uniform(0.7, 1.0),
            3,
        )
        back_at = opening_hours(stage, burn_at + int(chance.uniform(1, 8) * DAY_MS))
        yield bring_back(chance, bought, back_at, chance.choice((1.0, 1.0, chance.uniform(0.7, 0.95))))
        at = opening_hours(stage, back_at + int(chance.uniform(1, 8) * DAY_MS))


def tier_gaming(stage: Stage) -> Iterator[Intent]:
    """A purchase split into many, or much bought for the tier and brought back once it is reached."""
    chance = stage.chance
    climber = stage.victims(1)[0]
    store = climber.stores[0]
    at = opening_hours(stage, stage.begin(min(UNTIL_RETURNED_DAYS, stage.world.days / 3)))
    if chance.happens(0.5):
        for _ in range(chance.one(((1, 3), (3, 3), (6, 2)))):
            for _ in range(chance.randint(6, 16)):
                spend = Spend(1_000 + chance.randrange(1_000))
                yield Intent(at, climber, "earn", scenes.at_till(chance, store), spend, "purchase")
                at += chance.randrange(20_000, 5 * MINUTE_MS)
            at = opening_hours(stage, at + int(chance.uniform(1, 4) * DAY_MS))
        return
    bought = []
    for _ in range(chance.randint(3, 9)):
        spend = Spend(int(chance.around(15_000, 0.6)) + 1_000)
        intent = Intent(at, climber, "earn", scenes.at_till(chance, store), spend, "purchase")
        bought.append(intent)
        yield intent
        at = opening_hours(stage, at + int(chance.uniform(0.3, 2) * DAY_MS))
    for intent in bought:
        if chance.happens(0.75):
            later = opening_hours(stage, at + int(chance.uniform(1, 9) * DAY_MS))
            yield bring_back(chance, intent, later, 1.0)


def double_earn(stage: Stage) -> Iterator[Intent]:
    """The same purchase posted again, by the same way or another, until somebody looks."""
    chance = stage.chance
    buyer = stage.victims(1)[0]
    at = opening_hours(stage, stage.begin(12))
    for _ in range(chance.one(((1, 2), (3, 3), (6, 2)))):
        spend = Spend(int(chance.around(9_000, 0.8)) + 500)
        by_web = chance.happens(0.4)
        scene = (
            scenes.on_web(chance, buyer.browser, buyer.household.line.at(at))
            if by_web
            else scenes.at_till(chance, chance.choice(buyer.stores))
        )
        paper = {"order_id": chance.opaque("o", 64)} if by_web else {"receipt_id": chance.opaque("r", 64)}
        posted = at
        for _ in range(chance.randint(2, 4)):
            yield Intent(posted, buyer, "earn", scene, spend, "purchase", extra=dict(paper))
            posted += stage.pause(chance.choice((2, 60, 5_000)), 0.8)
        at = opening_hours(stage, at + int(chance.uniform(0.5, 3) * DAY_MS))


def fake_receipt(stage: Stage) -> Iterator[Intent]:
    """Receipts altered, found or shared, handed in by app again and again."""
    chance = stage.chance
    home = stage.home()
    claimers: list[Account] = [stage.accomplice(home) for _ in range(chance.one(((1, 5), (2, 2), (4, 1))))]
    span = stage.span(2, 25)
    begin = stage.begin(span)
    shared = chance.happens(0.5)
    for _ in range(chance.randint(6, 25)):
        at = begin + int(chance.uniform(0, span) * DAY_MS)
        number, spend = chance.opaque("r", 64), Spend(int(chance.around(9_000, 0.6)) + 300)
        for claimer in claimers if shared else [chance.choice(claimers)]:
            at += stage.pause(90)
            scene = scenes.in_app(chance, claimer.phones[0][1], home.line.at(at), claimer.place)
            yield Intent(at, claimer, "earn", scene, spend, "purchase", extra={"receipt_id": number})
    at = begin + int((span + chance.uniform(0, 1)) * DAY_MS)
    scene = scenes.in_app(chance, claimers[0].phones[0][1], home.line.at(at), claimers[0].place)
    yield reward(chance, claimers[0], at, scene, chance.uniform(0.5, 1.0), liking=6)
