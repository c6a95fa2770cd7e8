"""Numbers, money, instants and durations as people write them, in English and German."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from detectors.amounts import minor_digits
from tokens.token import Locale

NARROW: Final = "\N{NO-BREAK SPACE}"
SIGNS: Final = {"EUR": "€", "GBP": "£", "USD": "$"}
MONTHS: Final[dict[Locale, tuple[str, ...]]] = {
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ),
    "de": (
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
        "November", "Dezember",
    ),
}  # fmt: skip
_UNITS: Final[dict[Locale, tuple[tuple[str, str], ...]]] = {
    "en": (("second", "seconds"), ("minute", "minutes"), ("hour", "hours")),
    "de": (("Sekunde", "Sekunden"), ("Minute", "Minuten"), ("Stunde", "Stunden")),
}
MINUTE_S: Final = 60
HOUR_S: Final = 3600
COARSE_S: Final = 90
"""Up to here a wait is told in seconds; beyond, whole minutes are clearer."""


def number(value: int, locale: Locale) -> str:
    """`12,500` or `12.500`."""
    return f"{value:,}" if locale == "en" else f"{value:,}".replace(",", ".")


def money(minor: int, currency: str, locale: Locale) -> str:
    """Minor units as an amount: `€10.00` or `10,00 €`; a currency without a sign is named by its code."""
    digits = minor_digits(currency)
    whole, part = divmod(abs(minor), 10**digits)
    point = "." if locale == "en" else ","
    amount = number(whole, locale) + (f"{point}{part:0{digits}d}" if digits else "")
    sign = "\N{MINUS SIGN}" if minor < 0 else ""
    if locale == "en" and currency in SIGNS:
        return f"{sign}{SIGNS[currency]}{amount}"
    return f"{sign}{amount}{NARROW}{SIGNS.get(currency, currency)}"


def day_and_time(at_ms: int, zone: ZoneInfo, locale: Locale) -> str:
    """`3 May 2026, 14:05` or `3. Mai 2026, 14:05 Uhr`; the zone is named where it is nobody's own, UTC."""
    at = datetime.fromtimestamp(at_ms / 1000, zone)
    month = MONTHS[locale][at.month - 1]
    day = f"{at.day} {month} {at.year}" if locale == "en" else f"{at.day}. {month} {at.year}"
    return f"{day}, {time_of_day(at_ms, zone, locale)}"


def time_of_day(at_ms: int, zone: ZoneInfo, locale: Locale) -> str:
    """`14:05` or `14:05 Uhr`."""
    at = datetime.fromtimestamp(at_ms / 1000, zone)
    clock = f"{at:%H:%M}" + (f"{NARROW}Uhr" if locale == "de" else "")
    return f"{clock} UTC" if zone.key == "UTC" else clock


def duration(seconds: int, locale: Locale) -> str:
    """`45 seconds`, `15 minutes`, `3 hours`: never less than it is."""
    if seconds <= COARSE_S:
        count, unit = max(seconds, 1), 0
    elif seconds <= COARSE_S * MINUTE_S:
        count, unit = -(-seconds // MINUTE_S), 1
    else:
        count, unit = -(-seconds // HOUR_S), 2
    one, many = _UNITS[locale][unit]
    return f"{number(count, locale)} {one if count == 1 else many}"
