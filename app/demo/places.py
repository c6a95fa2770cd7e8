"""Countries the programme works in, their towns, and where else its members travel."""

from __future__ import annotations

from math import cos, radians, sqrt
from typing import Final, NamedTuple

KM_A_DEGREE: Final = 111.2
"""Kilometres in one degree of latitude."""


class Place(NamedTuple):
    """Somewhere on the map: degrees WGS 84 and ISO 3166-1 alpha-2."""

    lat: float
    lon: float
    country: str


class Town(NamedTuple):
    """A town: where it is, and the beginning of its postcodes."""

    name: str
    place: Place
    postcode: str


class Country(NamedTuple):
    """A country the programme works in. `utc_hours` is its standard time: the lives are not kept to the hour."""

    code: str
    currency: str
    utc_hours: int
    share: float
    towns: tuple[Town, ...]
    mail: tuple[tuple[str, float], ...]
    mobile: tuple[str, ...]
    """Mobile numbers: a `#` is any digit."""


def _towns(country: str, text: str) -> tuple[Town, ...]:
    rows = (line.split(",") for line in text.strip().splitlines())
    return tuple(
        Town(name.strip(), Place(float(lat), float(lon), country), code.strip())
        for name, lat, lon, code in rows
    )


_GERMAN_MAIL: Final = (("gmail.com", 4), ("gmx.de", 3), ("web.de", 3), ("t-online.de", 1.5), ("outlook.de", 0.7),
                       ("icloud.com", 1), ("hotmail.com", 0.7), ("freenet.de", 0.5), ("yahoo.de", 0.5))  # fmt: skip
COUNTRIES: Final = (
    Country("DE", "EUR", 1, 0.5, _towns("DE", """
        Berlin,52.52,13.405,10###
        Hamburg,53.551,9.994,20###
        München,48.137,11.575,80###
        Köln,50.938,6.96,50###
        Stuttgart,48.776,9.183,70###
        Leipzig,51.34,12.375,04###
        Potsdam,52.391,13.064,144##
        Augsburg,48.371,10.898,861##
        Bonn,50.737,7.098,531##
        Kassel,51.313,9.48,341##"""), _GERMAN_MAIL,
        ("+49151########", "+49160#######", "+49170#######", "+49171#######", "+49175#######", "+49176########")),
    Country("AT", "EUR", 1, 0.2, _towns("AT", """
        Wien,48.208,16.373,1##0
        Graz,47.071,15.438,80##
        Linz,48.306,14.286,40##
        Salzburg,47.811,13.055,50##
        Innsbruck,47.269,11.404,60##
        St. Pölten,48.204,15.623,31##"""),
        (("gmail.com", 4), ("gmx.at", 4), ("a1.net", 1), ("outlook.com", 1), ("icloud.com", 1), ("chello.at", 0.6)),
        ("+43664#######", "+43660#######", "+43676#######", "+43699########")),
    Country("CH", "CHF", 1, 0.1, _towns("CH", """
        Zürich,47.377,8.542,80##
        Bern,46.948,7.447,30##
        Basel,47.56,7.588,40##
        Luzern,47.05,8.31,60##
        Winterthur,47.499,8.724,84##"""),
        (("gmail.com", 4), ("bluewin.ch", 3), ("gmx.ch", 2), ("hotmail.com", 1), ("icloud.com", 1)),
        ("+4176#######", "+4178#######", "+4179#######")),
    Country("GB", "GBP", 0, 0.12, _towns("GB", """
        London,51.507,-0.128,SW# #AB
        Manchester,53.481,-2.243,M# #WD
        Birmingham,52.486,-1.89,B# #HQ
        Leeds,53.801,-1.549,LS# #DL
        Bristol,51.455,-2.588,BS# #TH
        Reading,51.454,-0.978,RG# #EJ"""),
        (("gmail.com", 5), ("hotmail.co.uk", 2), ("outlook.com", 1.5), ("yahoo.co.uk", 1.5), ("btinternet.com", 1),
         ("icloud.com", 1)),
        ("+447400######", "+447712######", "+447810######", "+447920######")),
    Country("US", "USD", -5, 0.08, _towns("US", """
        New York,40.713,-74.006,100##
        Boston,42.36,-71.058,021##
        Philadelphia,39.953,-75.165,191##
        Atlanta,33.749,-84.388,303##
        Miami,25.762,-80.192,331##"""),
        (("gmail.com", 6), ("yahoo.com", 2), ("outlook.com", 1), ("icloud.com", 1.5), ("hotmail.com", 0.8),
         ("aol.com", 0.5)),
        ("+1212736####", "+1617437####", "+1215546####", "+1404522####", "+1305371####")),
)  # fmt: skip
BY_CODE: Final = {country.code: country for country in COUNTRIES}
ABROAD: Final = (
    Place(48.857, 2.352, "FR"), Place(43.296, 5.37, "FR"), Place(41.385, 2.173, "ES"), Place(39.57, 2.65, "ES"),
    Place(41.903, 12.496, "IT"), Place(45.44, 12.316, "IT"), Place(52.368, 4.904, "NL"), Place(52.23, 21.012, "PL"),
    Place(36.897, 30.713, "TR"), Place(41.008, 28.978, "TR"), Place(-23.55, -46.633, "BR"), Place(21.028, 105.85, "VN"),
)  # fmt: skip
"""Where members holiday, and where some thieves live."""


def kilometres(one: Place, other: Place) -> float:
    """Distance on a flat map, which is good enough to keep travellers below the speed of a plane."""
    across = (one.lon - other.lon) * cos(radians((one.lat + other.lat) / 2))
    return KM_A_DEGREE * sqrt((one.lat - other.lat) ** 2 + across**2)
