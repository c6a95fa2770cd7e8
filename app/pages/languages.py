"""Which language a browser asks for, of the two there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tokens.token import Locale

LOCALES: Final[Mapping[str, Locale]] = {"en": "en", "de": "de"}
MOST_RANGES: Final = 20
"""Of a header that are looked at: browsers send fewer than ten."""


def chosen(query: str | None) -> Locale | None:
    """The language of the switch, `?lang=de`."""
    return LOCALES.get(query or "")


def accepted(header: str) -> Locale | None:
    """The language of `Accept-Language` that is wanted most, the first of equals. None where neither is wanted."""
    best: Locale | None = None
    best_weight = 0.0
    for item in header.split(",")[:MOST_RANGES]:
        tag, _, parameter = item.strip().lower().partition(";")
        locale = LOCALES.get(tag.strip().partition("-")[0])
        weight = _weight(parameter)
        if locale is not None and weight > best_weight:
            best, best_weight = locale, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
