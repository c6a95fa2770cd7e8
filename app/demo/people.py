"""People, the households they live in, and the accounts they hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final
from unicodedata import normalize

from app.demo import words
from app.demo.chance import Chance
from app.demo.devices import phone
from app.demo.intents import Device, Store
from app.demo.networks import Carrier, Line
from app.demo.places import BY_CODE, Place, Town

FOLDED: Final = {
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "ß": "ss",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "ł": "l",
}
BORN: Final = (1938, 2007)
"""Years of birth: members are grown up."""


@dataclass(frozen=True, slots=True)
class Person:
    """What a member says of themselves."""

    email: str
    phone: str
    given_name: str
    family_name: str
    date_of_birth: str
    street: str
    postcode: str
    city: str
    country: str

    def profile(self, *names: str) -> dict[str, str]:
        """The contract's profile, or the fields of these names."""
        return {name: getattr(self, name) for name in names or self.__slots__}


@dataclass(slots=True, eq=False)
class Household:
    """Where people live: one address, one line, perhaps one tablet, one card for all."""

    town: Town
    street: str
    postcode: str
    family_name: str
    line: Line
    tablet: Device
    payment: str
    accounts: list[Account] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Account:
    """
    A member's account, with the ways of its holder.

    joined_ms:  the sign-up; before the programme's first day for most.
    opening:    points at the start of the window, or 0 for those who join in it.
    phones:     (from when, which), the first from the beginning.
    weekly:     shopping trips a week; basket: median spend in minor units.
    online:     share of sessions by app rather than web.
    quiet_ms:   from when the dormant do nothing any more.
    """

    id: str
    person: Person
    household: Household
    joined_ms: int
    opening: int
    tier: float
    phones: list[tuple[int, Device]]
    browser: Device
    payment: str
    carrier: Carrier
    stores: list[Store]
    weekly: float
    basket: float
    hours: int
    online: float
    place: Place
    sessions: float
    quiet_ms: int | None = None
    office: Line | None = None
    work: Place | None = None
    trips: list[tuple[int, int, Place]] = field(default_factory=list)
    traits: set[str] = field(default_factory=set)

    def phone_at(self, at_ms: int) -> Device:
        """The phone in use at an instant."""
        return next(device for since, device in reversed(self.phones) if since <= at_ms)


def person(
    chance: Chance, country: str, *, home: Household | None = None, town: Town | None = None
) -> Person:
    """Somebody new in this country; at home with others where a household is given."""
    german = country in {"DE", "AT", "CH"}
    given = chance.choice(words.GERMAN_GIVEN if german else words.ENGLISH_GIVEN)
    shares_name = home is not None and chance.happens(0.85)
    family = home.family_name if home and shares_name else family_name(chance, country)
    year = chance.randint(*BORN)
    where = town or (home.town if home else chance.choice(BY_CODE[country].towns))
    street, postcode = (
        (home.street, home.postcode) if home else (street_in(chance, country), digits(chance, where.postcode))
    )
    return Person(
        email=email(chance, given, family, year, country),
        phone=digits(chance, chance.choice(BY_CODE[country].mobile)),
        given_name=given,
        family_name=family,
        date_of_birth=f"{year}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
        street=street,
        postcode=postcode,
        city=where.name,
        country=country,
    )


def family_name(chance: Chance, country: str) -> str:
    """A family name of this country."""
    return chance.choice(words.GERMAN_FAMILY if country in {"DE", "AT", "CH"} else words.ENGLISH_FAMILY)


def street_in(chance: Chance, country: str) -> str:
    """A street and a number, written as this country does."""
    number = 1 + int(chance.expovariate(1 / 25))
    if country in {"DE", "AT", "CH"}:
        return f"{chance.choice(words.GERMAN_STREETS)} {number}"
    return f"{number} {chance.choice(words.ENGLISH_STREETS)}"


def digits(chance: Chance, pattern: str) -> str:
    """The pattern with each `#` a digit."""
    return "".join(str(chance.randrange(10)) if mark == "#" else mark for mark in pattern)


def plain(name: str) -> str:
    """A name as it is spelled in e-mail addresses."""
    spelled = "".join(FOLDED.get(letter, letter) for letter in name.lower())
    return "".join(letter for letter in normalize("NFKD", spelled) if letter.isascii() and letter.isalpha())


def email(chance: Chance, given: str, family: str, year: int, country: str, domain: str | None = None) -> str:
    """An e-mail address as people make them up, most often of their name."""
    first, last = plain(given), plain(family)
    number = chance.choice((f"{year % 100:02d}", str(year), str(chance.randrange(1, 1_000))))
    local = chance.one(
        (
            (f"{first}.{last}", 3),
            (f"{first}.{last}{number}", 3),
            (f"{first}{last}{number}", 1.5),
            (f"{first[0]}.{last}{number}", 1.5),
            (f"{first}_{last}{number}", 0.7),
            (f"{last}.{first}{chance.randrange(1, 100)}", 1),
            (f"{chance.choice(words.NICKS)}{chance.choice(words.NICKS)}{number}", 0.8),
            (f"{first}{chance.randrange(1_000, 99_999)}", 0.8),
        )
    )
    return f"{local}@{domain or chance.one(BY_CODE[country].mail)}"


def renamed(account: Account, **changed: str) -> dict[str, str]:
    """Change what a member says of themselves; the profile fields that a `profile_change` then carries."""
    account.person = replace(account.person, **changed)
    return changed


def first_phone(chance: Chance) -> list[tuple[int, Device]]:
    """The phone a member has from the beginning."""
    return [(0, phone(chance))]
