"""One spelling for text that people write in many: case, diacritics, apostrophes, umlauts.

Müller, Mueller and Muller must meet. ICAO Doc 9303 writes ü as UE, foreign keyboards write u, so both are in
use for one person; we go to the shorter: marks are dropped, then the digraphs ae, oe, ue and aa become one
vowel. Michael becomes `michal`; a token nobody reads may be ugly. Scripts beside Latin keep their letters.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import normalize

APOSTROPHES: Final = dict.fromkeys(map(ord, "'\u2018\u2019`\u00b4\u02bc\u02b9"))
"""Deleted, so that O'Brien, O’Brien and OBrien are one word."""
LETTERS: Final = str.maketrans(
    {
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "\u0131": "i",
        "ħ": "h",
        "ŧ": "t",
    }
)
"""Latin letters that Unicode does not decompose, as ICAO Doc 9303 part 3 section 6.A transliterates them."""
MARKS: Final = re.compile("[\u0300-\u036f]+")
"""Combining diacritics of the Latin, Greek and Cyrillic scripts. Vowel signs of other scripts are letters."""
SEPARATORS: Final = re.compile(r"[\s!-/:-@\[-`{-~“”„«»–—‐‑·…、。，・]+")  # noqa: RUF001 - these are the ones people type
DIGRAPHS: Final = re.compile(r"a[ae]+|oe+|ue+")


def fold(text: str) -> str:
    """Lower case without marks and apostrophes. Idempotent."""
    if text.isascii():
        return text.translate(APOSTROPHES).lower()
    decomposed = normalize("NFKD", normalize("NFKD", text.translate(APOSTROPHES)).casefold())
    return MARKS.sub("", decomposed).translate(LETTERS).translate(APOSTROPHES)


def collapse(text: str) -> str:
    """Folded text with its umlaut digraphs shortened to one vowel. Idempotent."""
    return DIGRAPHS.sub(_first, text)


def words(text: str) -> list[str]:
    """The folded, collapsed words of a text, in order, without punctuation."""
    return SEPARATORS.sub(" ", collapse(fold(text))).split()


def _first(match: re.Match[str]) -> str:
    return match[0][0]
