"""Where a member has been: coarse places, kept among an account's peers like anything else it has met.

A place is a cell of half a degree (some 55 km) and a country. Finer than that nobody needs to know to see that two
towns are too far apart, and a cell of that size says little about a person.
"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from struct import Struct as Layout
from typing import Final, NamedTuple

CELLS_PER_DEGREE: Final = 2
"""Cells of half a degree: the least distance that is held against anybody is well over twice their size."""
NOWHERE: Final = -32_768
"""Stands for degrees that are not known."""
UNKNOWN_COUNTRY: Final = b"\0\0"
EARTH_RADIUS_KM: Final = 6_371.0
"""Mean radius (IUGG)."""
_LAYOUT: Final = Layout("<hh2s2x")


class Place(NamedTuple):
    """Degrees WGS 84, None where only the country is known; ISO 3166-1 alpha-2, "" where only the degrees are."""

    lat: float | None
    lon: float | None
    country: str


def place_key(lat: float | None, lon: float | None, country: str | None) -> bytes | None:
    """The 8 bytes a place is kept under; None where nothing is known of it."""
    if lat is None or lon is None:
        if country is None:
            return None
        return _LAYOUT.pack(NOWHERE, NOWHERE, country.encode())
    return _LAYOUT.pack(
        round(lat * CELLS_PER_DEGREE),
        round(lon * CELLS_PER_DEGREE),
        country.encode() if country else UNKNOWN_COUNTRY,
    )


def place_of(key: str) -> Place:
    """The place under a peer's key (16 hexadecimal digits)."""
    lat, lon, country = _LAYOUT.unpack(bytes.fromhex(key))
    name = "" if country == UNKNOWN_COUNTRY else country.decode(errors="replace")
    if lat == NOWHERE:
        return Place(None, None, name)
    return Place(lat / CELLS_PER_DEGREE, lon / CELLS_PER_DEGREE, name)


def distance_km(one: Place, other: Place) -> float | None:
    """Great-circle distance (haversine); None where either's degrees are not known."""
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return None
    lat, other_lat = radians(one.lat), radians(other.lat)
    half = sin((other_lat - lat) / 2) ** 2
    half += cos(lat) * cos(other_lat) * sin(radians(other.lon - one.lon) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))
