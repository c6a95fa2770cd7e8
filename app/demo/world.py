"""The programme's world before anything happens: stores, networks, staff, members and their households."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from app.demo import people
from app.demo.chance import Chance
from app.demo.devices import TABLET, browser, phone
from app.demo.intents import DAY_MS, Device, Store
from app.demo.networks import HOME, Carrier, Line, address_in, carriers, line
from app.demo.people import Account, Household
from app.demo.places import ABROAD, BY_CODE, COUNTRIES, Place, Town, kilometres

MEMBERS_A_STORE: Final = 60
"""So that a store of the programme has the few hundred events a month that make its tills and staff ordinary."""
HOUSEHOLD_SIZES: Final = ((1, 10.0), (2, 3.0), (3, 1.0), (4, 0.8), (5, 0.2))
ROUND_THE_CORNER_KM: Final = 15
"""How far members go to shop, when there is a choice."""
JOIN_IN_WINDOW: Final = 0.2
"""Share of members who sign up while we watch."""
COMMUTE_DEGREES: Final = 0.2
"""Typical way to work, as degrees in each direction: some 25 km."""
OFFICE_SIZE: Final = 40
HALL_SIZE: Final = 30
AGENTS: Final = 12
"""People in the call centre and the back office."""
PARTNERS: Final = 8
TIERS: Final = ((1.0, 7.0), (1.25, 2.0), (1.5, 1.0))
"""Points a tier multiplies by, and how many members are in it."""
TRAIT_SHARES: Final = (
    ("saver", 0.1), ("dormant", 0.22), ("returner", 0.06), ("traveller", 0.08), ("commuter", 0.16), ("new_phone", 0.1),
    ("carrier_nat", 0.3), ("referrer", 0.06), ("campaign", 0.2),
    ("regular", 0.03),
)  # fmt: skip
"""Ways of life, drawn independently except that the dormant and returners do little else."""


@dataclass(slots=True, eq=False)
class World:
    """Everything that is there. `start_ms` ≤ t < `end_ms` is what is watched."""

    start_ms: int
    end_ms: int
    stores: list[Store]
    carriers: dict[str, list[Carrier]]
    agents: list[str]
    call_centre_ip: str
    partners: list[str]
    winback: str
    doubles: list[tuple[int, int, str]]
    """Double-points days: from, until, campaign."""
    outage_ms: int
    """A night on which the app failed; the day after, many are given points for it."""
    accounts: list[Account] = field(default_factory=list)

    @property
    def days(self) -> float:
        """Length of what is watched, in days."""
        return (self.end_ms - self.start_ms) / DAY_MS

    def stores_near(self, place: Place) -> list[Store]:
        """The stores of the same country, nearest first."""
        same = [store for store in self.stores if store.place.country == place.country]
        return sorted(same, key=lambda s: (s.place.lat - place.lat) ** 2 + (s.place.lon - place.lon) ** 2)


def build(seed: int, *, members: int, start_ms: int, end_ms: int) -> World:
    """The world of this seed, with its members but before any of them has done anything."""
    chance = Chance.of(seed, "world")
    world = World(
        start_ms=start_ms,
        end_ms=end_ms,
        stores=_stores(chance, members),
        carriers=carriers(chance),
        agents=[chance.opaque("e", 40) for _ in range(AGENTS)],
        call_centre_ip=address_in(chance, HOME["DE"]),
        partners=[chance.opaque("p", 40) for _ in range(PARTNERS)],
        winback=chance.opaque("c", 40),
        doubles=_doubles(chance, start_ms, end_ms),
        outage_ms=int(chance.uniform(start_ms, end_ms - DAY_MS)),
    )
    _settle_down(Chance.of(seed, "people"), world, members)
    return world


def _doubles(chance: Chance, start_ms: int, end_ms: int) -> list[tuple[int, int, str]]:
    found, at = [], start_ms + int(chance.uniform(3, 20) * DAY_MS)
    while at < end_ms:
        found.append((at, at + chance.randint(1, 4) * DAY_MS, chance.opaque("c", 40)))
        at += int(chance.uniform(20, 45) * DAY_MS)
    return found


def _stores(chance: Chance, members: int) -> list[Store]:
    towns = [(country, town) for country in COUNTRIES for town in country.towns]
    found = []
    for index in range(max(len(towns), members // MEMBERS_A_STORE)):
        country, town = towns[index] if index < len(towns) else chance.choice(towns)
        found.append(
            Store(
                id=chance.opaque("s", 40),
                place=near(chance, town.place, 0.05),
                town=town.name,
                currency=country.currency,
                terminals=tuple(chance.opaque("t", 40) for _ in range(chance.randint(1, 4))),
                staff=tuple(chance.opaque("e", 40) for _ in range(chance.randint(3, 9))),
                tablet=Device(chance.opaque("d"), TABLET),
                ip=address_in(chance, HOME[country.code]),
                utc_hours=country.utc_hours,
            )
        )
    return found


def near(chance: Chance, place: Place, degrees: float) -> Place:
    """Somewhere about a place; `degrees` is the standard deviation."""
    return Place(place.lat + chance.gauss(0, degrees), place.lon + chance.gauss(0, degrees), place.country)


def _settle_down(chance: Chance, world: World, members: int) -> None:
    shares = [(country.code, country.share) for country in COUNTRIES]
    while len(world.accounts) < members:
        code = chance.one(shares)
        home = household(chance, code)
        size = min(chance.one(HOUSEHOLD_SIZES), members - len(world.accounts))
        for _ in range(size):
            account = settle(chance, world, home)
            _live(chance, world, account)
            world.accounts.append(account)
        if size > 1:
            for account in home.accounts:
                account.traits.add("household")
                if chance.happens(0.7):
                    account.payment = home.payment
    _share_offices(chance, world)
    _share_halls(chance, world)


def _close(one: Store, other: Store) -> bool:
    return kilometres(one.place, other.place) <= ROUND_THE_CORNER_KM


def household(chance: Chance, country: str, town: Town | None = None) -> Household:
    """A new home."""
    town = town or chance.choice(BY_CODE[country].towns)
    return Household(
        town=town,
        street=people.street_in(chance, country),
        postcode=people.digits(chance, town.postcode),
        family_name=people.family_name(chance, country),
        line=line(chance, country),
        tablet=phone(chance),
        payment=chance.opaque("pi", 80),
    )


def settle(chance: Chance, world: World, home: Household) -> Account:
    """A new member in a home, who joined before the window and has ways of their own."""
    near_by = world.stores_near(home.town.place)
    account = Account(
        id=chance.opaque("m", 64),
        person=people.person(chance, home.town.place.country, home=home),
        household=home,
        joined_ms=world.start_ms - int(chance.uniform(20, 1_500) * DAY_MS),
        opening=int(chance.around(450, 1.1)),
        tier=chance.one(TIERS),
        phones=people.first_phone(chance),
        browser=browser(chance),
        payment=chance.opaque("pi", 80),
        carrier=chance.choice(world.carriers[home.town.place.country]),
        stores=[
            near_by[0],
            *(store for store in near_by[1:3] if _close(store, near_by[0]) and chance.happens(0.6)),
        ],
        weekly=min(6.0, chance.around(0.9, 0.7)),
        basket=chance.around(2_800, 0.6),
        hours=chance.randrange(4),
        online=chance.choice((0.2, 0.6, 0.9, 1.0)),
        place=near(chance, home.town.place, 0.03),
        sessions=min(5.0, chance.around(0.5, 0.9)),
    )
    home.accounts.append(account)
    return account


def _live(chance: Chance, world: World, account: Account) -> None:
    """Draw the ways of life of an honest member."""
    account.traits = {trait for trait, share in TRAIT_SHARES if chance.happens(share)}
    if account.traits & {"dormant", "returner"}:
        account.traits &= {"dormant", "returner", "carrier_nat"}
        account.opening = int(chance.around(1_200, 0.9))
    if account.traits & {"dormant", "returner"}:
        span = world.end_ms - world.start_ms
        account.quiet_ms = world.start_ms + int(chance.uniform(-0.1, 0.2) * span)
    if "saver" in account.traits:
        account.opening = int(chance.around(4_000, 0.6))
    if "returner" in account.traits:
        account.traits.discard("dormant")
    if not account.traits & {"dormant", "returner", "saver"} and chance.happens(JOIN_IN_WINDOW):
        account.joined_ms = chance.randrange(world.start_ms, world.end_ms)
        account.opening = 0
        account.traits.add("newcomer")
        if chance.happens(0.35):
            account.traits.add("tablet_signup")
    if "regular" in account.traits:
        account.weekly, account.basket = chance.uniform(4, 6), chance.around(450, 0.2)
    if "commuter" in account.traits:
        _commute(chance, world, account)
    if "traveller" in account.traits:
        _travel(chance, world, account)
    if "new_phone" in account.traits:
        at = chance.randrange(world.start_ms, world.end_ms)
        account.phones.append((at, phone(chance)))


def _commute(chance: Chance, world: World, account: Account) -> None:
    """Work in another place, an hour away at most, with a store on the way."""
    account.work = near(chance, account.place, COMMUTE_DEGREES)
    account.stores = [*account.stores, world.stores_near(account.work)[0]]


def _travel(chance: Chance, world: World, account: Account) -> None:
    towns = [
        town.place for country in COUNTRIES for town in country.towns if country.code != account.place.country
    ]
    at = world.start_ms + int(chance.uniform(0, world.days * 0.6) * DAY_MS)
    for _ in range(chance.randint(1, 3)):
        until = at + int(chance.uniform(3, 15) * DAY_MS)
        goal = chance.choice(ABROAD) if chance.happens(0.6) else chance.choice(towns)
        account.trips.append((at, until, near(chance, goal, 0.05)))
        at = until + int(chance.uniform(10, 60) * DAY_MS)


def _share_offices(chance: Chance, world: World) -> None:
    """Give some members an office whose one address they share in working hours."""
    by_country: dict[str, list[Account]] = {}
    for account in world.accounts:
        by_country.setdefault(account.place.country, []).append(account)
    for code, there in by_country.items():
        chosen = chance.some(there, max(8, len(there) // 6))
        for first in range(0, len(chosen), OFFICE_SIZE):
            office = Line(code, (address_in(chance, HOME[code]),), 1.0)
            for account in chosen[first : first + OFFICE_SIZE]:
                account.office = office
                account.traits.add("office_nat")


def _share_halls(chance: Chance, world: World) -> None:
    """Move some people who live alone into student halls: one address, one line, names of their own."""
    alone = [a for a in world.accounts if len(a.household.accounts) == 1 and not a.work and not a.trips]
    students = chance.some(alone, max(8, len(world.accounts) // 40))
    for code in sorted({account.place.country for account in students}):
        here = [account for account in students if account.place.country == code]
        for first in range(0, len(here), HALL_SIZE):
            _into_hall(chance, world, here[first : first + HALL_SIZE], household(chance, code))


def _into_hall(chance: Chance, world: World, students: Sequence[Account], hall: Household) -> None:
    for account in students:
        account.household = hall
        account.place = near(chance, hall.town.place, 0.001)
        account.traits.add("student_hall")
        account.stores = world.stores_near(hall.town.place)[:1]
        people.renamed(account, street=hall.street, postcode=hall.postcode, city=hall.town.name)
        hall.accounts.append(account)
