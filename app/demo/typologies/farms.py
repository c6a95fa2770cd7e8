"""One person with many accounts: for the welcome points, the referral points, the newcomers' coupon."""

from __future__ import annotations

from collections.abc import Iterator

from app.demo import scenes
from app.demo.devices import emulator, phone
from app.demo.friends import passed_on, referred
from app.demo.habits import purchase, reward
from app.demo.intents import DAY_MS, HOUR_MS, Device, Intent, Scene
from app.demo.networks import HOSTED, address_in
from app.demo.occasions import BATCH_HOUR, BIRTHDAY, contact_change, coupon_used, joins
from app.demo.people import Account
from app.demo.typologies.stage import Stage, stranger


def _farm(stage: Stage, size: int, at_ms: int, gap_s: float) -> list[tuple[Account, Scene]]:
    """Accounts of one hand, each with where it signs up; how much they share depends on how careful the hand is."""
    chance = stage.chance
    home = stage.home()
    spread_devices, one_name = chance.choice((0.0, 0.0, 0.3, 0.8)), chance.happens(0.5)
    away = chance.happens(0.3)
    hosted = [address_in(chance, HOSTED[chance.choice(sorted(HOSTED))]) for _ in range(size)]
    device = emulator(chance) if chance.happens(0.4) else phone(chance)
    first: Account | None = None
    found = []
    for index in range(size):
        account = stage.accomplice(home, joined_ms=at_ms)
        if first is None:
            first = account
        elif one_name:
            stage.alias(account, first)
        else:
            stranger(stage, account)
        if chance.happens(spread_devices):
            device = emulator(chance) if chance.happens(0.5) else phone(chance)
        account.phones = [(0, device)]
        account.payment = home.payment
        ip = hosted[index] if away else home.line.at(at_ms)
        found.append((account, scenes.in_app(chance, device, ip, home.town.place)))
        at_ms += stage.pause(gap_s)
    return found


def signup_farm(stage: Stage) -> Iterator[Intent]:
    """Accounts made for the welcome points, which are gathered or spent, after which nothing happens any more."""
    chance = stage.chance
    at = stage.begin(4)
    farm = _farm(stage, chance.randint(4, 22), at, chance.choice((90, 900, 9_000)))
    last = farm[-1][0].joined_ms + stage.pause(4_000)
    collector = farm[0][0]
    gathers = chance.happens(0.5)
    for account, scene in farm:
        yield from joins(chance, account, account.joined_ms, scene, coupon=0.8)
        later = max(last, account.joined_ms + HOUR_MS) + stage.pause(3_000)
        if gathers and account is not collector:
            yield passed_on(account, collector, later, scene, 1.0)
        elif not gathers:
            yield reward(chance, account, later, scene, chance.uniform(0.8, 1.0), liking=6)
    if gathers:
        yield reward(chance, collector, last + DAY_MS, farm[0][1], chance.uniform(0.8, 1.0), liking=6)


def referral_ring(stage: Stage) -> Iterator[Intent]:
    """Somebody refers themselves: a star, a chain or a circle."""
    chance = stage.chance
    at = stage.begin(6)
    farm = _farm(stage, chance.randint(3, 12), at, chance.choice((300, 4_000, 20_000)))
    shape = chance.choice(("star", "chain", "circle"))
    for index, (account, scene) in enumerate(farm):
        yield from joins(chance, account, account.joined_ms, scene)
        if index:
            giver, where = farm[0] if shape == "star" else farm[index - 1]
            yield from referred(chance, giver, account, account.joined_ms + stage.pause(60), where)
        if chance.happens(0.5):
            yield from purchase(
                chance, stage.world, account, account.joined_ms + int(chance.uniform(0.2, 2) * DAY_MS)
            )
    end = farm[-1][0].joined_ms + int(chance.uniform(0.2, 1) * DAY_MS)
    if shape == "circle":
        yield from referred(chance, farm[-1][0], farm[0][0], end, farm[-1][1])
    for account, scene in farm:
        if chance.happens(0.7):
            yield reward(
                chance,
                account,
                end + int(chance.uniform(0.6, 3) * DAY_MS),
                scene,
                chance.uniform(0.7, 1.0),
                4,
            )


def promo_stack(stage: Stage) -> Iterator[Intent]:
    """One offer taken many times: the coupon on several accounts, or a birthday moved to be had again."""
    chance = stage.chance
    at = stage.begin(5)
    if chance.happens(0.5):
        for account, scene in _farm(stage, chance.randint(3, 9), at, chance.choice((600, 9_000))):
            yield from joins(chance, account, account.joined_ms, scene, coupon=0.0)
            for _ in range(chance.one(((1, 3), (2, 2), (4, 1)))):
                yield coupon_used(account, account.joined_ms + stage.pause(1_500), scene)
        return
    member = stage.victims(1)[0]
    device: Device = member.phones[0][1]
    for _ in range(chance.randint(2, 5)):
        scene = scenes.in_app(chance, device, member.household.line.at(at), member.place)
        yield contact_change(chance, member, at, scene, "date_of_birth")
        at = (at // DAY_MS + 1) * DAY_MS + BATCH_HOUR * HOUR_MS + chance.randrange(HOUR_MS)
        yield Intent(at, member, "earn", scenes.batch(), BIRTHDAY, "birthday")
        at += int(chance.uniform(0.2, 0.6) * DAY_MS)
