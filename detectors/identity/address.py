"""One home, one spelling: street words, house number and flat in a fixed order, with the postcode."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from detectors.identity.fold import SEPARATORS, collapse, fold, words

_SPELLED: Final[dict[str, str]] = {
    "street": "st", "saint": "st", "sankt": "st", "road": "rd", "avenue": "av", "ave": "av", "lane": "ln",
    "drive": "dr", "court": "ct", "place": "pl", "platz": "pl", "square": "sq", "boulevard": "bd",
    "blvd": "bd", "bvd": "bd", "close": "cl", "crescent": "cres", "cr": "cres", "terrace": "tce",
    "ter": "tce", "highway": "hwy", "parade": "pde", "circuit": "cct", "chemin": "ch", "strasse": "str",
    "allee": "al", "alle": "al", "north": "n", "south": "s", "east": "e", "west": "w",
}  # fmt: skip
SHORT: Final = {collapse(word): short for word, short in _SPELLED.items()}
"""Word → the shortest form in use, after folding. USPS Publication 28 appendix C, AS 4590, Deutsche Post."""
GERMAN_STREET: Final = re.compile(r"(?<=\w\w)(?:strasse|str)$")
"""Hauptstrasse and Hauptstr., written in one word: taken apart, as in Haupt-Straße."""
UNIT_WORDS: Final = frozenset(
    {"flat", "apt", "apartment", "unit", "wohnung", "whg", "app", "appt", "suite", "ste",
     "top", "stiege", "door"}
)  # fmt: skip
"""A flat follows: the next number is the flat's, not the house's."""
NUMBER_WORDS: Final = frozenset({"no", "nr", "number", "numero", "hausnummer"})
SLASHED: Final = re.compile(r"\b(\d+[a-z]?)\s*/\s*(\d+[a-z]?)\b")
"""3/12 High St is flat 3 of house 12 (AS 4590)."""
SPLIT_LETTER: Final = re.compile(r"\b(\d+) ([a-d])\b")
"""12 a, the house number written apart from its letter; beyond d it is rather a compass point or a name."""
POSTCODE_COUNTRY: Final = re.compile(r"^(?:de?|at?|ch)(?=\d{4,5}$)")
"""D-10115, A-1010, CH-8001: an old prefix for foreign mail."""
ZIP_PLUS_FOUR: Final = re.compile(r"^(\d{5})-\d{4}$")


@lru_cache(maxsize=4096)
def canonical_street(text: str) -> str | None:
    """
    Street, house number and flat, folded, shortened and sorted, so that `5 Hauptstr.` is `Hauptstraße 5`.

    A flat is marked `#3`, so that flat 3 of house 12 is not flat 12 of house 3. Idempotent.
    None without a word.
    """
    slashed = SLASHED.sub(r"flat \1 \2", text.lower().replace("#", " flat "))
    found: list[str] = []
    flat = False
    for word in SPLIT_LETTER.sub(r"\1\2", " ".join(words(slashed))).split():
        if word in UNIT_WORDS:
            flat = True
        elif word in NUMBER_WORDS:
            continue
        elif flat:
            found.append(f"#{word}")
            flat = False
        else:
            found.extend((SHORT.get(word) or GERMAN_STREET.sub(" str", word)).split())
    return " ".join(sorted(found, key=_words_first)) or None


@lru_cache(maxsize=4096)
def canonical_postcode(text: str) -> str | None:
    """The postcode without spaces, hyphens, country prefix and ZIP+4, or None. Idempotent."""
    bare = SEPARATORS.sub("", ZIP_PLUS_FOUR.sub(r"\1", fold(text).strip()))
    return POSTCODE_COUNTRY.sub("", bare) or None


def canonical_address(
    street: str | None, postcode: str | None, city: str | None, country: str | None
) -> str | None:
    """
    `street|postcode|country`, with the city where the postcode is unknown; None without a street and a place.

    A postcode makes the city redundant, and cities are spelled in more ways (Frankfurt, Frankfurt am Main).
    """
    home = canonical_street(street) if street else None
    if home is None:
        return None
    place = (canonical_postcode(postcode) if postcode else None) or ("".join(words(city)) if city else None)
    return f"{home}|{place}|{(country or '').lower()}" if place else None


def _words_first(word: str) -> tuple[bool, str]:
    """Words before flats and numbers, so that no number comes to stand before another's letter."""
    return word[0] == "#" or word[0].isdigit(), word
