"""Ordinary days: shopping, looking into the app, paying with points, bringing things back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.demo import scenes
from app.demo.chance import Chance
from app.demo.intents import DAY_MS, HOUR_MS, MINUTE_MS, Back, Intent, Scene, Share, Spend, Store
from app.demo.people import Account
from app.demo.places import kilometres
from app.demo.whereabouts import at_home, at_work, in_transit, travelling
from app.demo.world import World

HOURS: Final = (
    ((8, 1), (9, 3), (10, 4), (11, 3), (14, 2), (15, 2), (16, 1)),
    ((7, 1), (12, 3), (13, 2), (16, 2), (17, 4), (18, 4), (19, 2)),
    ((9, 1), (11, 2), (14, 2), (16, 2), (18, 3), (19, 3), (20, 2)),
    ((7, 2), (8, 2), (10, 1), (12, 2), (15, 1), (17, 2), (19, 1), (20, 1)),
)
"""Local hours at which four kinds of shoppers go out, with weights; stores are open from 7 to 21."""
EVENINGS: Final = tuple(
    (hour, weight)
    for hour, weight in enumerate(
        (1, 0.4, 0.2, 0.1, 0.1, 0.3, 1, 3, 4, 4, 4, 4, 5, 4, 4, 4, 5, 6, 7, 8, 9, 8, 6, 3)
    )
)
"""Local hours at which people look into the app or the web site."""
WEB_SHOP: Final = 0.12
"""Share of purchases in the web shop, by members who use the web."""
RETURNED: Final = 0.025
"""Share of purchases of which something is brought back."""
TYPO: Final = 0.06
"""Share of log-ins that are preceded by a mistyped password."""
PAYS_WITH_POINTS: Final = 0.05
"""Purchases at which a member pays a part with points."""
CLAIMED: Final = 0.006
"""Purchases whose receipt is handed in by app afterwards because the card was at home."""
AGAIN: Final = 0.002
"""Share of purchases that a till with a bad line posts twice."""
CARD_OF_ANOTHER: Final = 0.06
"""Purchases at which somebody else's card of the household is shown."""
SAME_HANDS: Final = 0.7
"""Share of a regular's morning coffees that the same barista sells."""
FAITHFUL: Final = 0.75
"""Share of purchases in the member's first store."""
DAY_TRIP_KM: Final = 60
"""How far a traveller goes to a store of the programme."""
REASONS_BACK: Final = (("wrong_size", 4), ("defective", 2), ("changed_mind", 3), ("gift", 1))
REWARDS: Final = (
    ("gift_card", "high", 4),
    ("voucher", "medium", 4),
    ("product", "low", 3),
    ("experience", "low", 1),
)
"""Kinds of rewards, how easily they turn into money, and how much they are liked."""
STEP: Final = 10
"""Rewards in app, web and kiosk are taken in steps of so many points."""


def moment(chance: Chance, day_ms: int, utc_hours: int, hours: tuple[tuple[int, float], ...]) -> int:
    """An instant of that day at one of these local hours."""
    return day_ms + (chance.one(hours) - utc_hours) * HOUR_MS + chance.randrange(HOUR_MS)


def awake(world: World, account: Account) -> tuple[int, int]:
    """From when until when the member lives an ordinary life in the window."""
    since = max(world.start_ms, account.joined_ms + 10 * MINUTE_MS)
    return since, max(since + 1, world.end_ms if account.quiet_ms is None else account.quiet_ms)


def ordinary_life(chance: Chance, world: World, account: Account) -> Iterator[Intent]:
    """Everything a member does from day to day."""
    since, until = awake(world, account)
    span_days = max(0.0, (until - since) / DAY_MS)
    offset = account.stores[0].utc_hours
    shopping = [_a_day(chance, since, until) for _ in range(chance.count(account.weekly * span_days / 7))]
    if "campaign" in account.traits:
        for first, last, _ in world.doubles:
            if since <= first and last <= until and chance.happens(0.7):
                shopping += [_a_day(chance, first, last) for _ in range(chance.randint(1, 2))]
    for day in shopping:
        at = moment(chance, day, offset, HOURS[account.hours])
        if since <= at < until and not in_transit(account, at):
            yield from purchase(chance, world, account, at)
    for _ in range(chance.count(account.sessions * span_days / 7)):
        at = moment(chance, _a_day(chance, since, until), offset, EVENINGS)
        if since <= at < until and not in_transit(account, at):
            yield from look_in(chance, world, account, at)


def _a_day(chance: Chance, since: int, until: int) -> int:
    return chance.randrange(since, until) // DAY_MS * DAY_MS


def purchase(chance: Chance, world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    """One purchase, and what may come with it."""
    amount = Spend(max(100, int(chance.around(account.basket, 0.7))))
    store = _store(chance, world, account, at_ms)
    if store is None or chance.happens(WEB_SHOP * (1.5 - account.online)):
        yield from _web_purchase(chance, world, account, at_ms, amount)
        return
    if chance.happens(CLAIMED) and at_home(account, at_ms):
        yield claim(chance, account, at_ms, amount)
        return
    others = account.household.accounts if "household" in account.traits else [account]
    card = chance.choice(others) if chance.happens(CARD_OF_ANOTHER) else account
    if card.joined_ms > at_ms:
        card = account
    served = "regular" in account.traits and chance.happens(SAME_HANDS)
    scene = scenes.at_till(chance, store, store.staff[0] if served else None)
    paper: dict[str, object] = {"receipt_id": chance.opaque("r", 64)}
    bought = Intent(at_ms, card, "earn", scene, amount, "purchase", extra=dict(paper))
    yield bought
    if chance.happens(PAYS_WITH_POINTS):
        yield pay_with_points(chance, card, at_ms + chance.randrange(4_000, 60_000), scene)
    if chance.happens(AGAIN):
        again = at_ms + chance.randrange(200, 40_000)
        yield Intent(again, card, "earn", scene, amount, "purchase", extra=dict(paper))
    if chance.happens(RETURNED):
        yield from _brings_back(chance, account, bought)


def _store(chance: Chance, world: World, account: Account, at_ms: int) -> Store | None:
    """The store a member goes to: near work in working time, near home otherwise, or abroad, if there is one."""
    abroad = travelling(account, at_ms)
    if abroad is not None:
        near_by = world.stores_near(abroad)
        return near_by[0] if near_by and kilometres(near_by[0].place, abroad) < DAY_TRIP_KM else None
    if account.work is not None:
        return account.stores[-1] if at_work(account, at_ms) else account.stores[0]
    return account.stores[0] if chance.happens(FAITHFUL) else chance.choice(account.stores)


def _web_purchase(
    chance: Chance, world: World, account: Account, at_ms: int, amount: Spend
) -> Iterator[Intent]:
    own = scenes.own(chance, world, account, at_ms)
    scene = own if own.channel == "web" else scenes.on_web(chance, account.browser, own.ip or "")
    bought = Intent(at_ms, account, "earn", scene, amount, "purchase")
    yield bought
    if chance.happens(RETURNED):
        yield from _brings_back(chance, account, bought)


def _brings_back(chance: Chance, account: Account, bought: Intent) -> Iterator[Intent]:
    later = bought.at_ms // DAY_MS * DAY_MS + chance.randint(1, 20) * DAY_MS
    back_at = moment(chance, later, account.stores[0].utc_hours, HOURS[account.hours])
    if at_home(account, back_at) and travelling(account, bought.at_ms) is None:
        yield bring_back(chance, bought, back_at, chance.choice((1.0, 1.0, chance.uniform(0.2, 0.9))))


def pay_with_points(
    chance: Chance, account: Account, at_ms: int, scene: Scene, share: float | None = None
) -> Intent:
    """A part of the purchase paid with points at the same till."""
    part = Share(share if share is not None else chance.uniform(0.05, 0.6), 1, 10)
    return Intent(
        at_ms,
        account,
        "redeem",
        scene,
        part,
        extra={"reward_id": "pay_with_points", "reward_liquidity": "medium"},
    )


def bring_back(chance: Chance, bought: Intent, at_ms: int, part: float) -> Intent:
    """A return, to where it was bought."""
    scene = bought.scene
    if scene.store is not None:
        scene = scenes.at_till(chance, scene.store)
    extra: dict[str, object] = {"metadata": {"return_reason": chance.one(REASONS_BACK)}}
    return Intent(at_ms, bought.account, "return", scene, Back(part), original=bought, extra=extra)


def claim(chance: Chance, account: Account, at_ms: int, amount: Spend) -> Intent:
    """A receipt handed in by app some hours after the purchase."""
    scene = scenes.in_app(chance, account.phone_at(at_ms), account.household.line.at(at_ms), account.place)
    return Intent(
        at_ms, account, "earn", scene, amount, "purchase", extra={"receipt_id": chance.opaque("r", 64)}
    )


def look_in(chance: Chance, world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    """A log-in, with a typing error now and then; sometimes a mission, sometimes a reward."""
    scene = scenes.own(chance, world, account, at_ms)
    if chance.happens(TYPO):
        for _ in range(1 + chance.count(0.5)):
            yield Intent(at_ms, account, "login_failed", scene)
            at_ms += chance.randrange(4_000, 50_000)
    yield Intent(at_ms, account, "login", scene)
    if chance.happens(0.12) and scene.channel == "app":
        yield mission(chance, account, at_ms + chance.randrange(20_000, 400_000), scene)
    if chance.happens(0.08):
        yield reward(
            chance, account, at_ms + chance.randrange(30_000, 600_000), scene, chance.uniform(0.1, 0.7)
        )


def mission(chance: Chance, account: Account, at_ms: int, scene: Scene) -> Intent:
    """A small task of the app done: a check-in, a game, a review."""
    reason = chance.one((("mission", 5), ("game", 3), ("review", 1), ("survey", 1), ("social", 1)))
    return Intent(at_ms, account, "earn", scene, chance.choice((5, 10, 15, 20, 25, 50)), reason)


def reward(
    chance: Chance, account: Account, at_ms: int, scene: Scene, share: float, liking: float = 1.0
) -> Intent:
    """A reward for a share of the balance. `liking` multiplies the wish for what turns into money."""
    kinds = tuple(
        ((name, liquid), weight * (liking if liquid == "high" else 1)) for name, liquid, weight in REWARDS
    )
    name, liquid = chance.one(kinds)
    extra: dict[str, object] = {"reward_id": name, "reward_liquidity": liquid}
    return Intent(at_ms, account, "redeem", scene, Share(share, STEP, 2 * STEP), extra=extra)


def sometime(chance: Chance, account: Account, since: int, until: int) -> int:
    """An instant in between at which people look into the app."""
    day = chance.randrange(since, until) // DAY_MS * DAY_MS
    return moment(chance, day, account.stores[0].utc_hours, EVENINGS)
