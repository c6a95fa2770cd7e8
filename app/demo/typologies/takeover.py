"""Somebody else's account: taken over, tested, woken up, or talked out of the call centre; then emptied."""

from __future__ import annotations

from collections.abc import Iterator

from app.demo import scenes
from app.demo.friends import passed_on
from app.demo.habits import pay_with_points, reward
from app.demo.intents import DAY_MS, HOUR_MS, Intent
from app.demo.occasions import contact_change
from app.demo.people import Account
from app.demo.typologies.stage import Kit, Stage


def drain(stage: Stage, victim: Account, kit: Kit, at_ms: int) -> Iterator[Intent]:
    """Most of the balance, at once or in several pieces, as what turns into money."""
    chance = stage.chance
    scene = stage.session(kit)
    for _ in range(chance.one(((1, 5), (2, 3), (3, 2), (5, 1)))):
        yield reward(
            chance, victim, at_ms, scene, chance.uniform(0.65, 1.0), liking=chance.choice((1.0, 4.0, 10.0))
        )
        at_ms += stage.pause(150, 1.0)


def ato_drain(stage: Stage) -> Iterator[Intent]:
    """Phished or bought credentials: in, perhaps a change of contact, and out with the points."""
    chance = stage.chance
    for victim in stage.victims(chance.one(((1, 6), (2, 2), (4, 1))), least=500):
        kit, at = stage.kit(victim), stage.begin(2)
        scene = stage.session(kit)
        for _ in range(chance.one(((0, 4), (1, 2), (3, 1)))):
            yield Intent(at, victim, "login_failed", scene)
            at += stage.pause(12)
        yield Intent(at, victim, "login", scene)
        if chance.happens(0.5):
            at += stage.pause(90)
            yield contact_change(chance, victim, at, scene, chance.choice(("email", "phone")))
        at += stage.pause(chance.choice((60, 600, 8 * 3_600)), 1.0)
        yield from drain(stage, victim, kit, at)


def probe_drain(stage: Stage) -> Iterator[Intent]:
    """A tiny redemption to see whether it works, then the rest."""
    chance = stage.chance
    victim = stage.victims(1, least=2_500)[0]
    kit, at = stage.kit(victim), stage.begin(1)
    if chance.happens(0.35):
        store = chance.choice(stage.world.stores_near(victim.place)[:12])
        scene = scenes.at_till(chance, store)
        at = at // DAY_MS * DAY_MS + chance.randrange(8 * HOUR_MS, 18 * HOUR_MS)
    else:
        scene = stage.session(kit)
        yield Intent(at - stage.pause(100), victim, "login", scene)
    for _ in range(chance.one(((1, 6), (2, 2)))):
        at_counter = scene.channel == "pos"
        test = (pay_with_points if at_counter else reward)(chance, victim, at, scene, 0.0)
        test.amount = chance.randint(5, 90) if at_counter else chance.randint(1, 9) * 10
        yield test
        at += stage.pause(chance.choice((60, 400, 1_500)), 0.7)
    share = chance.uniform(0.8, 1.0)
    if scene.channel == "pos":
        yield pay_with_points(chance, victim, at, scene, share)
    else:
        yield reward(chance, victim, at, scene, share, liking=6)


def dormant_hijack(stage: Stage) -> Iterator[Intent]:
    """An account nobody looks at any more."""
    chance = stage.chance
    for victim in stage.victims(chance.one(((1, 6), (3, 1))), least=400, trait="dormant"):
        kit, at = stage.kit(victim), stage.begin(4, earliest=0.45)
        scene = stage.session(kit)
        yield Intent(at, victim, "login", scene)
        if chance.happens(0.6):
            at += stage.pause(200)
            yield contact_change(chance, victim, at, scene, chance.choice(("email", "phone", "address")))
        at += stage.pause(chance.choice((300, 5_000, 80_000)), 0.8)
        yield from drain(stage, victim, kit, at)


def social_eng(stage: Stage) -> Iterator[Intent]:
    """A caller who knows enough has an agent change the contact, then redeems from afar."""
    chance = stage.chance
    victim = stage.victims(1, least=500)[0]
    kit, at = stage.kit(victim), stage.begin(4)
    at = at // DAY_MS * DAY_MS + chance.randrange(7 * HOUR_MS, 18 * HOUR_MS)
    call = scenes.by_phone(chance, stage.world)
    yield contact_change(chance, victim, at, call, chance.choice(("email", "phone", "email")))
    at += stage.pause(chance.choice((900, 20_000, 120_000)), 0.7)
    scene = stage.session(kit)
    yield Intent(at, victim, "login", scene)
    if chance.happens(0.25):
        mule = stage.accomplice(stage.home())
        yield passed_on(victim, mule, at + stage.pause(120), scene, chance.uniform(0.7, 1.0))
    else:
        yield from drain(stage, victim, kit, at + stage.pause(200))
