"""Not every day: joining, birthdays, moving house, a new phone, a present, a year's savings spent before Christmas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from app.demo import people, scenes
from app.demo.chance import Chance
from app.demo.friends import presents
from app.demo.habits import EVENINGS, HOURS, awake, moment, purchase, reward, sometime
from app.demo.intents import DAY_MS, HOUR_MS, MINUTE_MS, Intent, Scene, Share, Spend
from app.demo.people import Account
from app.demo.whereabouts import at_home, in_transit
from app.demo.world import World

WELCOME: Final = 200
"""Points for joining."""
COUPON: Final = "WELCOME100"
COUPON_POINTS: Final = 100
BIRTHDAY: Final = 100
BATCH_HOUR: Final = 5
"""Hour, UTC, in which the programme posts what it gives of itself."""
GOODWILL_STEP: Final = 50
"""Agents give points in steps of so many."""
HIT_BY_OUTAGE: Final = 0.1
PACK: Final = 1_000
"""Points are sold in packs of so many."""
YEARLY: Final[dict[str, float]] = {
    "moves": 0.1, "new_email": 0.08, "new_number": 0.08, "goodwill": 0.25, "correction": 0.1, "partner": 2.0,
    "top_up": 0.05, "expiry": 0.5, "tier_bonus": 0.3, "closes": 0.03, "birth_date": 0.03, "kiosk": 0.4,
}  # fmt: skip
"""How often in a year a member has each of these."""


def special_days(chance: Chance, world: World, account: Account) -> Iterator[Intent]:
    """What a member does, or what befalls them, now and then."""
    if "newcomer" in account.traits:
        yield from joins(chance, account, account.joined_ms, _joining(chance, world, account))
    if "saver" in account.traits:
        yield from _spends_savings(chance, world, account)
    if "returner" in account.traits:
        yield from _comes_back(chance, world, account)
    if "new_phone" in account.traits:
        yield from _sets_up_phone(chance, world, account)
    yield from _birthday(chance, world, account)
    yield from _apologies(chance, world, account)
    since, until = awake(world, account)
    years = max(0, until - since) / (365 * DAY_MS)
    for name, yearly in YEARLY.items():
        for _ in range(chance.count(yearly * years)):
            at = sometime(chance, account, since, until)
            if not in_transit(account, at):
                yield from HAPPENINGS[name](chance, world, account, at)
    if account.traits & {"household"}:
        yield from presents(chance, world, account, since, until)


def _joining(chance: Chance, world: World, account: Account) -> Scene:
    if "tablet_signup" in account.traits:
        store = account.stores[0]
        day = account.joined_ms // DAY_MS * DAY_MS
        account.joined_ms = moment(chance, day, store.utc_hours, HOURS[account.hours])
        return scenes.at_tablet(chance, store)
    return scenes.own(chance, world, account, account.joined_ms)


def joins(
    chance: Chance, account: Account, at_ms: int, scene: Scene, coupon: float = 0.4
) -> Iterator[Intent]:
    """A sign-up, its welcome bonus, and perhaps the coupon of the leaflet."""
    names = ["email", "given_name", "family_name", "date_of_birth", "street", "postcode", "city", "country"]
    if chance.happens(0.7):
        names.insert(1, "phone")
    yield Intent(at_ms, account, "signup", scene, extra={"profile": account.person.profile(*names)})
    at_ms += chance.randrange(200, 5_000)
    yield Intent(at_ms, account, "earn", scene, WELCOME, "welcome_bonus")
    if chance.happens(coupon):
        yield coupon_used(account, at_ms + chance.randrange(10_000, 900_000), scene)


def coupon_used(account: Account, at_ms: int, scene: Scene) -> Intent:
    """The newcomers' coupon typed in."""
    return Intent(at_ms, account, "earn", scene, COUPON_POINTS, "other", extra={"coupon_code": COUPON})


def _spends_savings(chance: Chance, world: World, account: Account) -> Iterator[Intent]:
    """Most of what was saved in a year goes within a day or two, often from the phone that was just bought."""
    at = chance.choice(_christmases(chance, world) or [sometime(chance, account, *awake(world, account))])
    while in_transit(account, at):
        at += DAY_MS // 2
    if chance.happens(0.4):
        bought = at - int(chance.expovariate(1 / 2) * DAY_MS) - HOUR_MS
        account.phones = [
            *(old for old in account.phones if old[0] < bought),
            (bought, people.first_phone(chance)[0][1]),
        ]
        account.traits.add("new_phone")
        yield from _first_session(chance, account, bought)
    scene = scenes.own(chance, world, account, at)
    yield Intent(at - chance.randrange(20_000, 600_000), account, "login", scene)
    yield reward(chance, account, at, scene, chance.uniform(0.8, 1.0), liking=1.5)
    if chance.happens(0.3):
        yield reward(
            chance, account, at + chance.randrange(60_000, 40 * MINUTE_MS), scene, chance.uniform(0.4, 1.0)
        )


def _christmases(chance: Chance, world: World) -> list[int]:
    """An instant in the three weeks before each 24 December of the window."""
    first = datetime.fromtimestamp(world.start_ms // 1_000, UTC).year
    eves = (int(datetime(first + year, 12, 24, tzinfo=UTC).timestamp()) * 1_000 for year in range(3))
    found = [moment(chance, eve - chance.randint(1, 21) * DAY_MS, 1, EVENINGS) for eve in eves]
    return [at for at in found if world.start_ms + DAY_MS <= at < world.end_ms]


def _comes_back(chance: Chance, world: World, account: Account) -> Iterator[Intent]:
    """Long away, written to, and back: from the phone of old in most cases."""
    at = world.start_ms + int(chance.uniform(0.45, 0.97) * world.days * DAY_MS)
    at = moment(chance, at // DAY_MS * DAY_MS, account.stores[0].utc_hours, EVENINGS)
    if chance.happens(0.2):
        account.phones.append((at - 20 * DAY_MS, people.first_phone(chance)[0][1]))
    scene = scenes.own(chance, world, account, at)
    invited: dict[str, object] = {"campaign_id": world.winback} if chance.happens(0.8) else {}
    yield Intent(at, account, "login", scene, extra=dict(invited))
    if chance.happens(0.2):
        yield _changes(chance, account, at + chance.randrange(30_000, 300_000), scene, "phone")
    if chance.happens(0.6):
        burn = reward(
            chance, account, at + chance.randrange(100_000, 3_000_000), scene, chance.uniform(0.2, 1.0)
        )
        burn.extra.update(invited)
        yield burn
    for week in range(chance.randrange(4)):
        day = at // DAY_MS * DAY_MS + (1 + 6 * week) * DAY_MS
        yield from purchase(
            chance, world, account, moment(chance, day, account.stores[0].utc_hours, HOURS[account.hours])
        )


def _sets_up_phone(chance: Chance, world: World, account: Account) -> Iterator[Intent]:
    since = account.phones[-1][0]
    if since > world.start_ms:
        yield from _first_session(chance, account, since)


def _first_session(chance: Chance, account: Account, at_ms: int) -> Iterator[Intent]:
    """The first log-in on a new phone; the password had to be looked up, and a few want something at once."""
    at_ms += chance.randrange(60_000, 3_600_000)
    if not at_home(account, at_ms):
        return
    scene = scenes.in_app(chance, account.phone_at(at_ms), account.household.line.at(at_ms), account.place)
    for _ in range(chance.one(((0, 5), (1, 3), (2, 1)))):
        yield Intent(at_ms, account, "login_failed", scene)
        at_ms += chance.randrange(5_000, 60_000)
    yield Intent(at_ms, account, "login", scene)
    if chance.happens(0.12):
        yield reward(
            chance, account, at_ms + chance.randrange(60_000, 1_800_000), scene, chance.uniform(0.1, 0.9)
        )


def _apologies(chance: Chance, world: World, account: Account) -> Iterator[Intent]:
    """Points for all who were hit by the outage, posted by the programme."""
    at = world.outage_ms + DAY_MS // 2 + chance.randrange(HOUR_MS)
    if account.joined_ms < world.outage_ms and chance.happens(HIT_BY_OUTAGE):
        yield Intent(at, account, "adjust", scenes.batch(), 2 * GOODWILL_STEP, "goodwill")


def _birthday(chance: Chance, world: World, account: Account) -> Iterator[Intent]:
    month, day = (int(part) for part in account.person.date_of_birth.split("-")[1:])
    year = datetime.fromtimestamp(world.start_ms // 1_000, UTC).year
    for offset in range(3):
        at = int(
            datetime(year + offset, month, day, BATCH_HOUR, tzinfo=UTC).timestamp()
        ) * 1_000 + chance.randrange(3_600_000)
        if account.joined_ms <= at:
            yield Intent(at, account, "earn", scenes.batch(), BIRTHDAY, "birthday")


def _changes(chance: Chance, account: Account, at_ms: int, scene: Scene, what: str) -> Intent:
    """A change of what the member said of themselves; only the changed fields are sent."""
    someone = people.person(chance, account.person.country)
    names = {"address": ("street", "postcode", "city")}.get(what, (what,))
    if what == "email":
        named = account.person
        year = int(named.date_of_birth[:4])
        changed = {"email": people.email(chance, named.given_name, named.family_name, year, named.country)}
    else:
        changed = someone.profile(*names)
    return Intent(
        at_ms, account, "profile_change", scene, extra={"profile": people.renamed(account, **changed)}
    )


def contact_change(chance: Chance, account: Account, at_ms: int, scene: Scene, what: str) -> Intent:
    """The same, for whoever else changes somebody's contact."""
    return _changes(chance, account, at_ms, scene, what)


def _self_or_phone(chance: Chance, world: World, account: Account, at_ms: int) -> Scene:
    return (
        scenes.by_phone(chance, world) if chance.happens(0.3) else scenes.own(chance, world, account, at_ms)
    )


def _moves(chance: Chance, world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    yield _changes(chance, account, at_ms, _self_or_phone(chance, world, account, at_ms), "address")


def _new_email(chance: Chance, world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    yield _changes(chance, account, at_ms, _self_or_phone(chance, world, account, at_ms), "email")


def _new_number(chance: Chance, world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    yield _changes(chance, account, at_ms, _self_or_phone(chance, world, account, at_ms), "phone")


def _birth_date(chance: Chance, world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    yield _changes(chance, account, at_ms, _self_or_phone(chance, world, account, at_ms), "date_of_birth")


def _goodwill(chance: Chance, world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    yield granted(
        chance, account, at_ms, scenes.by_phone(chance, world), "goodwill", min(20, 1 + chance.count(2))
    )


def _correction(chance: Chance, world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    agent = chance.choice(world.agents)
    yield granted(
        chance, account, at_ms, scenes.back_office(agent), "correction", min(20, 1 + chance.count(3))
    )


def granted(chance: Chance, account: Account, at_ms: int, scene: Scene, reason: str, steps: int) -> Intent:
    """Points given by an agent, under a ticket."""
    extra: dict[str, object] = {"metadata": {"ticket": chance.opaque("", 32)}}
    return Intent(at_ms, account, "adjust", scene, steps * GOODWILL_STEP, reason, extra=extra)


def _partner(chance: Chance, world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    yield partner_accrual(account, at_ms, chance.choice(world.partners), chance.around(6_000, 0.9))


def partner_accrual(account: Account, at_ms: int, partner: str, minor: float) -> Intent:
    """A purchase at a partner, posted by the partner."""
    return Intent(
        at_ms, account, "earn", scenes.from_partner(partner), Spend(max(100, int(minor))), "partner"
    )


def _top_up(chance: Chance, world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    scene = scenes.own(chance, world, account, at_ms)
    yield bought(account, at_ms, scene, chance.randint(1, 3))
    if chance.happens(0.7):
        yield reward(
            chance, account, at_ms + chance.randrange(60_000, 7_200_000), scene, chance.uniform(0.5, 1.0)
        )


def bought(account: Account, at_ms: int, scene: Scene, packs: int, payment: str | None = None) -> Intent:
    """Points bought with money."""
    extra: dict[str, object] = {"payment_instrument_id": payment} if payment else {}
    intent = Intent(at_ms, account, "purchase", scene, packs * PACK, extra=extra)
    intent.money_minor = packs * PACK * 2
    return intent


def _expiry(chance: Chance, _world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    day = at_ms // DAY_MS * DAY_MS
    yield Intent(
        day + chance.randrange(3_600_000),
        account,
        "expire",
        scenes.batch(),
        Share(chance.uniform(0.01, 0.1), 1),
    )


def _tier_bonus(chance: Chance, _world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    day = at_ms // DAY_MS * DAY_MS
    yield Intent(day + chance.randrange(3_600_000), account, "earn", scenes.batch(), 150, "tier_bonus")


def _closes(chance: Chance, world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    account.traits.add("leaver")
    yield Intent(at_ms, account, "close", _self_or_phone(chance, world, account, at_ms))


def _kiosk(chance: Chance, _world: World, account: Account, at_ms: int) -> Iterator[Intent]:
    scene = scenes.at_tablet(chance, account.stores[0])
    at_ms = moment(chance, at_ms // DAY_MS * DAY_MS, account.stores[0].utc_hours, HOURS[account.hours])
    if at_home(account, at_ms):
        yield reward(chance, account, at_ms, scene, chance.uniform(0.1, 0.8))


HAPPENINGS: Final = {
    "moves": _moves, "new_email": _new_email, "new_number": _new_number, "goodwill": _goodwill,
    "correction": _correction, "partner": _partner, "top_up": _top_up, "expiry": _expiry, "tier_bonus": _tier_bonus,
    "closes": _closes, "birth_date": _birth_date, "kiosk": _kiosk,
}  # fmt: skip
