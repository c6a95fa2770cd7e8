"""What is wrong with a document, as values: where it is and what would be right, never what was sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from msgspec import Struct

NAMEABLE: Final = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
"""A member name that may be repeated in an answer. Others may hold anything, a card number included."""
CARD_DIGITS: Final = range(13, 20)
"""Digits of a payment card number, ISO/IEC 7812: 13 to 19."""
SEPARATORS: Final = re.compile(r"[\s.\-\u2010-\u2015\u2212]")
"""What people write between the digit groups of a card number."""

FaultKind = Literal["malformed", "too_large", "invalid"]


class Fault(Struct, frozen=True):
    """One thing that is wrong. `pointer` is a JSON pointer (RFC 6901), empty for the whole document."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True)
class Faults:
    """Everything that is wrong with a document: not JSON at all, too large, or JSON of the wrong shape."""

    kind: FaultKind
    items: tuple[Fault, ...]


def one(kind: FaultKind, pointer: str, message: str) -> Faults:
    """A document with a single fault."""
    return Faults(kind, (Fault(pointer, message),))


def point(parent: str, name: str) -> str:
    """The pointer to a member, or to its parent where the name itself might be something to keep quiet."""
    if NAMEABLE.fullmatch(name) is None or is_card_number(name):
        return parent
    return f"{parent}/{name}"


def is_card_number(text: str) -> bool:
    """Whether the text is 13 to 19 digits, separators aside, that pass the Luhn check (ISO/IEC 7812-1)."""
    bare = SEPARATORS.sub("", text)
    if len(bare) not in CARD_DIGITS or not bare.isdecimal():
        return False
    digits = [int(digit) for digit in reversed(bare)]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[0::2]) + doubled) % 10 == 0
