"""What every incident needs: victims, accomplices, a time to begin, and a thief's own equipment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from app.demo import people, scenes
from app.demo.chance import Chance
from app.demo.devices import browser, emulator, phone
from app.demo.habits import EVENINGS, moment
from app.demo.intents import DAY_MS, Device, Scene
from app.demo.networks import HOME, HOSTED, address_in
from app.demo.people import Account, Household
from app.demo.places import ABROAD, Place
from app.demo.world import World, household, near, settle

AT_ANY_HOUR: Final = 0.3
"""Incidents that do not care for the time of day."""
SPENT_ELSEWHERE: Final = frozenset({"fraudster", "touched", "returner", "newcomer", "leaver"})
"""Accounts that are no victims: nothing to take, or another incident has them already."""


class Kit(NamedTuple):
    """What a thief works with: one device, an address, and where that address seems to be."""

    device: Device
    by_app: bool
    ip: str
    place: Place


class Wave(NamedTuple):
    """Two instants between which one more incident of each kind comes to its end."""

    since_ms: int
    until_ms: int


@dataclass(slots=True, eq=False)
class Stage:
    """One incident's draws and the world it happens in."""

    chance: Chance
    world: World
    made: list[Account] = field(default_factory=list)
    """Accounts that exist for this incident."""
    wave: Wave | None = None
    """When it has to be at its end; anywhere in the window where there is none."""

    def begin(self, span_days: float = 0.0, earliest: float = 0.02) -> int:
        """An instant that leaves the incident `span_days` before the window ends; at any hour, mostly waking ones."""
        days = self.world.days
        latest = max(earliest * days, days - span_days - 2)
        first, last = earliest * days, latest
        if self.wave is not None:
            first, last = (
                min(latest, max(first, (at_ms - self.world.start_ms) / DAY_MS - span_days))
                for at_ms in self.wave
            )
        day = int(self.world.start_ms + self.chance.uniform(first, last) * DAY_MS) // DAY_MS * DAY_MS
        if self.chance.happens(AT_ANY_HOUR):
            return day + self.chance.randrange(DAY_MS)
        return moment(self.chance, day, 1, EVENINGS)

    def span(self, least_days: float, most_days: float) -> float:
        """A length in days, never more than half of the window."""
        return min(self.chance.uniform(least_days, most_days), self.world.days / 2)

    def victims(self, number: int, *, least: int = 0, trait: str | None = None) -> list[Account]:
        """Honest members with at least so many points when the window opens, not yet touched by an incident."""
        fit = [
            account
            for account in self.world.accounts
            if not account.traits & SPENT_ELSEWHERE
            and account.opening >= least
            and ("dormant" in account.traits) == (trait == "dormant")
        ]
        if len(fit) < number:
            fit = [one for one in self.world.accounts if not one.traits & {"fraudster", "newcomer", "leaver"}]
        chosen = self.chance.sample(fit, min(number, len(fit)))
        for account in chosen:
            account.traits.add("touched")
        return chosen

    def accomplice(self, home: Household, joined_ms: int | None = None) -> Account:
        """An account that exists for the incident; without an instant of joining it was there long before."""
        account = settle(self.chance, self.world, home)
        account.traits = {"fraudster"}
        if joined_ms is not None:
            account.joined_ms, account.opening = joined_ms, 0
        self.world.accounts.append(account)
        self.made.append(account)
        return account

    def home(self, country: str | None = None) -> Household:
        """A home for accomplices, in a country of the programme."""
        return household(self.chance, country or self.chance.choice(self.world.accounts).place.country)

    def kit(self, near_to: Account | None = None) -> Kit:
        """Equipment, crude or careful: a server or a line abroad, or a line in the victim's own town."""
        chance = self.chance
        device = chance.one(((phone(chance), 5), (emulator(chance), 2), (browser(chance), 3)))
        by_app = device.user_agent.startswith("Loyalty/")
        manner = chance.one((("abroad", 3), ("hosted", 3), ("home", 4)))
        if manner == "home" and near_to is not None:
            code = near_to.place.country
            return Kit(device, by_app, address_in(chance, HOME[code]), near(chance, near_to.place, 0.15))
        if manner == "hosted":
            code = chance.choice(sorted(HOSTED))
            return Kit(
                device, by_app, address_in(chance, HOSTED[code]), near(chance, chance.choice(ABROAD), 0.2)
            )
        place = chance.choice(ABROAD)
        return Kit(device, by_app, address_in(chance, HOME[place.country]), near(chance, place, 0.2))

    def session(self, kit: Kit) -> Scene:
        """A session with this equipment."""
        if kit.by_app:
            return scenes.in_app(self.chance, kit.device, kit.ip, kit.place)
        return scenes.on_web(self.chance, kit.device, kit.ip)

    def pause(self, median_s: float, spread: float = 0.8) -> int:
        """Milliseconds until the next step."""
        return max(300, int(self.chance.around(median_s, spread) * 1_000))

    def alias(self, account: Account, of: Account) -> None:
        """Give an accomplice another's name with a variation, as one person with several accounts does."""
        chance, person = self.chance, of.person
        local, domain = person.email.split("@")
        varied = chance.choice(
            (
                f"{local}+{chance.randrange(1, 99)}",
                f"{local}{chance.randrange(1, 99)}",
                f"{local[:3]}.{local[3:]}",
            )
        )
        account.person = replace(
            person,
            email=f"{varied}@{domain}",
            phone=person.phone if chance.happens(0.4) else account.person.phone,
            given_name=person.given_name if chance.happens(0.6) else account.person.given_name,
            date_of_birth=person.date_of_birth if chance.happens(0.6) else account.person.date_of_birth,
        )


def stranger(stage: Stage, account: Account) -> None:
    """Give an account somebody's invented name and a mailbox of a throw-away or free provider."""
    chance, person = stage.chance, account.person
    domain = chance.one(
        (("gmail.com", 4), ("outlook.com", 2), ("proton.me", 1), ("mailinator.com", 1), ("yopmail.com", 1))
    )
    year = int(person.date_of_birth[:4])
    address = people.email(chance, person.given_name, person.family_name, year, person.country, domain)
    account.person = replace(person, email=address)
