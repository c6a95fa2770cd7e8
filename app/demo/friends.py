"""Between members: friends brought along, presents at home, points for a wedding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.demo import scenes
from app.demo.chance import Chance
from app.demo.habits import EVENINGS, moment, reward, sometime
from app.demo.intents import DAY_MS, HOUR_MS, Intent, Scene, Share
from app.demo.people import Account
from app.demo.whereabouts import in_transit
from app.demo.world import World

GIFT_STEP: Final = 100
"""Points are passed on in hundreds."""
MEMBERS_A_WEDDING: Final = 300
"""One wedding in so many members: friends pass points to the couple."""
REFERRED: Final = 300
"""Points for having brought a friend, once the friend has joined."""


def referred(chance: Chance, giver: Account, friend: Account, at_ms: int, scene: Scene) -> Iterator[Intent]:
    """A friend brought along, and the points for it."""
    yield Intent(at_ms, giver, "referral", scene, counterparty=friend)
    paid = at_ms + chance.randrange(HOUR_MS, 3 * DAY_MS)
    yield Intent(paid, giver, "earn", scenes.batch(), REFERRED, "referral")


def friendships(chance: Chance, world: World) -> Iterator[Intent]:
    """Newcomers whom somebody told of the programme: mostly a friend, often one who tells many."""
    givers = [account for account in world.accounts if "referrer" in account.traits]
    famous = chance.some(givers, max(1, len(givers) // 40))
    for account in famous:
        account.traits.add("influencer")
    for friend in [account for account in world.accounts if "newcomer" in account.traits]:
        if not givers or not chance.happens(0.4):
            continue
        giver = chance.choice(famous if chance.happens(0.25) else givers)
        at = friend.joined_ms + chance.randrange(60_000, DAY_MS)
        if giver is not friend and at > giver.joined_ms and not in_transit(giver, at):
            yield from referred(chance, giver, friend, at, scenes.own(chance, world, giver, at))


def weddings(chance: Chance, world: World) -> Iterator[Intent]:
    """Friends of several households pass points to one couple, within days, who spend them on the honeymoon."""
    lively = [account for account in world.accounts if account.quiet_ms is None and not account.trips]
    for _ in range(len(world.accounts) // MEMBERS_A_WEDDING):
        couple, *guests = chance.some(lively, chance.randint(4, 8))
        couple.traits.add("wedding")
        day = int(chance.uniform(world.start_ms, world.end_ms)) // DAY_MS * DAY_MS
        for guest in guests:
            at = moment(chance, day - chance.randint(0, 6) * DAY_MS, guest.stores[0].utc_hours, EVENINGS)
            if max(guest.joined_ms, couple.joined_ms) < at and not in_transit(guest, at):
                share = chance.uniform(0.2, 0.9)
                yield passed_on(guest, couple, at, scenes.own(chance, world, guest, at), share)
        at = moment(chance, day + chance.randint(2, 20) * DAY_MS, couple.stores[0].utc_hours, EVENINGS)
        if not in_transit(couple, at):
            yield reward(chance, couple, at, scenes.own(chance, world, couple, at), chance.uniform(0.4, 1.0))


def presents(chance: Chance, world: World, account: Account, since: int, until: int) -> Iterator[Intent]:
    """Points passed on at home: to whoever collects for all, or as a present."""
    others = [other for other in account.household.accounts if other is not account]
    for _ in range(chance.count(1.5 * max(0, until - since) / (365 * DAY_MS))):
        at = sometime(chance, account, since, until)
        if others and others[0].joined_ms < at and not in_transit(account, at):
            scene = scenes.own(chance, world, account, at)
            share = chance.choice((1.0, chance.uniform(0.2, 0.9)))
            yield passed_on(account, others[0], at, scene, share)


def passed_on(account: Account, to: Account, at_ms: int, scene: Scene, share: float) -> Intent:
    """Points transferred to another member."""
    return Intent(at_ms, account, "transfer", scene, Share(share, GIFT_STEP, GIFT_STEP), counterparty=to)
