"""Lists of passwords tried on many accounts, and scripts that do what no hand could."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.demo import scenes
from app.demo.devices import browser, emulator
from app.demo.habits import mission, reward
from app.demo.intents import DAY_MS, MINUTE_MS, Intent, Scene
from app.demo.networks import CARRIER, HOSTED, address_in
from app.demo.people import Account
from app.demo.typologies.stage import Kit, Stage
from app.demo.typologies.takeover import drain

LOGS_IN_AGAIN: Final = 0.025
"""How often a script begins a new session, a step."""


def cred_stuff(stage: Stage) -> Iterator[Intent]:
    """Passwords from elsewhere tried on many accounts; the few that fit are emptied, now or days later."""
    chance = stage.chance
    at = stage.begin(4)
    kits = [stage.kit() for _ in range(chance.one(((1, 5), (3, 3), (8, 2))))]
    pause_s = chance.choice((0.8, 4.0, 25.0, 90.0))
    for target in stage.victims(chance.randint(12, 60)):
        kit = chance.choice(kits)
        scene = stage.session(kit)
        tries = chance.one(((1, 6), (2, 3)))
        fits = chance.happens(0.1)
        for _ in range(tries - fits):
            yield Intent(at, target, "login_failed", scene)
            at += stage.pause(pause_s)
        if fits:
            yield Intent(at, target, "login", scene)
            later = at + stage.pause(chance.choice((120, 7_200, 100_000)), 0.8)
            yield from drain(stage, target, kit, later)
            at += stage.pause(pause_s)


def bot_velocity(stage: Stage) -> Iterator[Intent]:
    """A script that plays the missions, or redeems, at the pace of a machine."""
    chance = stage.chance
    owner = _owner(stage)
    kit = _machine(stage, owner)
    at, steps = stage.begin(2), chance.randint(25, 140)
    beat_ms, wobble = chance.around(9_000, 1.0), chance.choice((0.005, 0.05, 0.25))
    redeems = chance.happens(0.3)
    scene = stage.session(kit)
    yield Intent(at, owner, "login", scene)
    for _ in range(steps):
        at += max(150, int(beat_ms * chance.gauss(1, wobble)))
        if chance.happens(LOGS_IN_AGAIN):
            scene = stage.session(kit)
        if redeems and chance.happens(0.2):
            yield reward(chance, owner, at, scene, chance.uniform(0.1, 0.5), liking=4)
        else:
            yield mission(chance, owner, at, scene)


def _owner(stage: Stage) -> Account:
    if stage.chance.happens(0.5):
        return stage.victims(1)[0]
    return stage.accomplice(stage.home())


def _machine(stage: Stage, owner: Account) -> Kit:
    chance = stage.chance
    device = emulator(chance) if chance.happens(0.6) else chance.choice((owner.phones[0][1], browser(chance)))
    hosted = chance.happens(0.5)
    ip = (
        address_in(chance, HOSTED[chance.choice(sorted(HOSTED))])
        if hosted
        else owner.household.line.addresses[0]
    )
    return Kit(device, device.user_agent.startswith("Loyalty/"), ip, owner.place)


def gamify(stage: Stage) -> Iterator[Intent]:
    """Check-ins and missions farmed day after day, by timer, from places nobody was at, or for several accounts."""
    chance = stage.chance
    home = stage.home()
    span = int(stage.span(8, 35))
    begin = stage.begin(span) // DAY_MS * DAY_MS
    players = [stage.accomplice(home) for _ in range(chance.one(((1, 4), (3, 3), (6, 2))))]
    device = emulator(chance) if chance.happens(0.6) else players[0].phones[0][1]
    minute, spread_s = chance.randrange(5 * 60, 22 * 60), chance.choice((3, 90, 1_800))
    towns = [store.place for store in chance.some(stage.world.stores_near(home.town.place), 6)]
    carrier = address_in(chance, CARRIER[home.town.place.country])
    jumps = chance.happens(0.5)
    rounds = chance.choice((1, 2, 4))
    for day in range(span):
        at = begin + day * DAY_MS + minute * MINUTE_MS + chance.randrange(MINUTE_MS)
        for player in players:
            for _ in range(rounds):
                place = chance.choice(towns) if jumps else player.place
                at += chance.randrange(spread_s * 1_000)
                scene: Scene = scenes.in_app(chance, device, carrier, place)
                yield mission(chance, player, at, scene)
                at += stage.pause(40)
    for player in players:
        end = begin + span * DAY_MS + chance.randrange(DAY_MS // 2)
        yield reward(
            chance,
            player,
            end,
            scenes.in_app(chance, device, carrier, player.place),
            chance.uniform(0.6, 1.0),
        )
