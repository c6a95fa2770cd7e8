"""Ordinary days: shopping, looking into the app, paying with points, bringing things back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.demo import scenes
from app.demo.chance import Chance
from app.demo.intents import DAY_MS, HOUR_MS, MINUTE_MS, Back, Intent, Share, Spend
from app.demo.people import Account
from app.demo.places import kilometres
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
    if account.traits & {"dormant", "returner"}:
        return since, world.start_ms + (world.end_ms - world.start_ms) // 10
    return since, world.end_ms


def in_transit(account: Account, at_ms: int) -> bool:
    """Whether the member is on the way to or from a journey, and so does nothing here."""
    for since, until, place in account.trips:
        hours = 3 + kilometres(account.place, place) / 700
        if since - hours * HOUR_MS <= at_ms < since or until <= at_ms < until + hours * HOUR_MS:
            return True
    return False


def ordinary_life(chance: Chance, world: World, account: Account) -> Iterator[Intent]:
    """Everything a member does from day to day."""
    since, until = awake(world, account)
    span_days = max(0.0, (until - since) / DAY_MS)
    offset = account.stores[0].utc_hours
    for _ in range(chance.count(account.weekly * span_days / 7)):
        at = moment(chance, _a_day(chance, since, until), offset, HOURS[account.hours])
        if since <= at < until and not in_transit(account, at) and scenes.travelling(account, at) is None:
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
    if chance.happens(WEB_SHOP * (1.5 - account.online)):
        scene = scenes.on_web(chance, account.browser, account.household.line.at(at_ms))
    elif chance.happens(CLAIMED):
        yield claim(chance, world, account, at_ms, amount)
        return
    else:
        store = account.stores[0] if chance.happens(0.75) else chance.choice(account.stores)
        scene = scenes.at_till(chance, store)
    bought = Intent(at_ms, account, "earn", scene, amount, "purchase")
    yield bought
    if scene.channel == "pos" and chance.happens(PAYS_WITH_POINTS):
        yield pay_with_points(chance, account, bought.at_ms + chance.randrange(4_000, 60_000), scene)
    if scene.channel == "pos" and chance.happens(AGAIN):
        yield Intent(
            at_ms + chance.randrange(200, 40_000),
            account,
            "earn",
            scene,
            amount,
            "purchase",
            extra=bought.extra,
        )
    if chance.happens(RETURNED):
        later = at_ms // DAY_MS * DAY_MS + chance.randint(1, 20) * DAY_MS
        back_at = moment(chance, later, account.stores[0].utc_hours, HOURS[account.hours])
        yield bring_back(chance, bought, back_at, chance.choice((1.0, 1.0, chance.uniform(0.2, 0.9))))


def pay_with_points(
    chance: Chance, account: Account, at_ms: int, scene: scenes.Scene, share: float | None = None
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


def claim(chance: Chance, world: World, account: Account, at_ms: int, amount: Spend) -> Intent:
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


def mission(chance: Chance, account: Account, at_ms: int, scene: scenes.Scene) -> Intent:
    """A small task of the app done: a check-in, a game, a review."""
    reason = chance.one((("mission", 5), ("game", 3), ("review", 1), ("survey", 1), ("social", 1)))
    return Intent(at_ms, account, "earn", scene, chance.choice((5, 10, 15, 20, 25, 50)), reason)


def reward(
    chance: Chance, account: Account, at_ms: int, scene: scenes.Scene, share: float, liking: float = 1.0
) -> Intent:
    """A reward for a share of the balance. `liking` multiplies the wish for what turns into money."""
    kinds = tuple(
        ((name, liquid), weight * (liking if liquid == "high" else 1)) for name, liquid, weight in REWARDS
    )
    name, liquid = chance.one(kinds)
    extra: dict[str, object] = {"reward_id": name, "reward_liquidity": liquid}
    return Intent(at_ms, account, "redeem", scene, Share(share, STEP, 2 * STEP), extra=extra)
