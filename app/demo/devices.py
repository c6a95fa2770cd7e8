"""Phones and browsers, as their user agents tell them."""

from __future__ import annotations

from typing import Final

from app.demo.chance import Chance
from app.demo.intents import Device

PHONES: Final = (
    *(
        (f"Loyalty/7.{minor} (iPhone; iOS {ios})", 3.0)
        for minor in (2, 4, 5)
        for ios in ("17.6", "18.1", "18.5")
    ),
    *(
        (f"Loyalty/7.{minor} (Android {version}; {model})", 1.0)
        for minor in (2, 4, 5)
        for version in (13, 14, 15)
        for model in ("SM-A546B", "SM-S921B", "Pixel 8", "Redmi Note 12")
    ),
)
_WINDOWS: Final = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"
_CHROME: Final = _WINDOWS + ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36"
_FIREFOX: Final = _WINDOWS + "; rv:{v}.0) Gecko/20100101 Firefox/{v}.0"
_MAC: Final = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
BROWSERS: Final = (
    *((_CHROME.format(v=version), 3.0) for version in (138, 139, 140)),
    *((_FIREFOX.format(v=version), 1.0) for version in (140, 141)),
    (_MAC + " Version/18.4 Safari/605.1.15", 2.0),
)
TABLET: Final = "LoyaltyStore/3.1 (iPad; iOS 17.6)"
ROOTED_HONEST: Final = 0.01
"""Share of phones whose honest owner has opened them up."""


def phone(chance: Chance) -> Device:
    """A phone out of a shop."""
    return Device(chance.opaque("d"), chance.one(PHONES), is_rooted=chance.happens(ROOTED_HONEST))


def browser(chance: Chance) -> Device:
    """A browser on a computer, recognised by its cookie."""
    return Device(chance.opaque("d"), chance.one(BROWSERS))


def emulator(chance: Chance) -> Device:
    """A phone that runs on a computer. The software does not notice all of them."""
    return Device(
        chance.opaque("d"), chance.one(PHONES), is_emulator=chance.happens(0.7), is_rooted=chance.happens(0.5)
    )
