"""JSON read strictly, in two ways: quickly where all is well, tolerantly to say why not.

The quick way is msgspec, which takes the last of two equal names in silence, so forgets at least one string.
A document without escapes therefore repeats no name exactly when its tree, written again, has as many quotes.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from math import isinf
from typing import Final, TypeVar

import msgspec

from app.faults import Faults, one

BOM: Final = b"\xef\xbb\xbf"
DIGITS_MAX: Final = 20
"""No number of ours needs more: 2^64 has 20 digits. Python's own limit is an error at 4,300."""
SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
T = TypeVar("T")
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_SCANNER: Final = json.JSONDecoder(parse_int=len, parse_float=len)
"""Finds where a value ends, whatever its numbers; what it makes of them is thrown away."""
_DECODER: Final = msgspec.json.Decoder()
_ENCODER: Final = msgspec.json.Encoder()


class Unclean(Exception):
    """The document needs the tolerant reader: it has faults, or forms only that reader can judge."""


class Unwritable(Enum):
    """What stands in the tree for a number that JSON or its readers cannot carry, with the words for it."""

    NOT_FINITE = "must be a number; JSON has no NaN and no infinity"
    OUT_OF_RANGE = "must be a number within range"


class Members(dict[str, object]):
    """A JSON object that remembers the names it was given more than once."""

    repeated: Sequence[str] = ()


def quick_tree(raw: bytes) -> object:
    """The document as plain values. Raises Unclean where the tolerant reader must look at it."""
    try:
        tree = _DECODER.decode(raw)
        if b"\\" not in raw:
            clean = raw.count(b'"') == _ENCODER.encode(tree).count(b'"')
        else:
            json.loads(raw, object_pairs_hook=_unrepeated)
            clean = b"\\u0000" not in raw
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Unclean from error
    if not clean:
        raise Unclean
    return tree


def tolerant_tree(raw: bytes) -> object | Faults:
    """The document with `Members` for objects and `Unwritable` for odd numbers, or why it is no JSON."""
    return _read(raw, _TOLERANT.decode)


def array_rows(raw: bytes) -> list[bytes] | Faults:
    """The elements of an array, each as it was written and however odd, or why there are none."""
    return _read(raw, _elements)


def _read(raw: bytes, read: Callable[[str], T]) -> T | Faults:
    if raw.startswith(BOM):
        return one("malformed", "", "must not start with a byte order mark")
    try:
        return read(raw.decode())
    except UnicodeDecodeError as error:
        return one("malformed", "", f"must be UTF-8; it breaks at byte {error.start}")
    except json.JSONDecodeError as error:
        return one("malformed", "", f"must be one JSON document; it breaks at character {error.pos}")
    except RecursionError:
        return one("malformed", "", "must not be nested that deeply")


def _elements(text: str) -> list[bytes] | Faults:
    at = _behind_space(text, 0)
    if not text.startswith("[", at):
        _SCANNER.decode(text)
        return one("invalid", "", "must be an array of events")
    rows: list[bytes] = []
    at = _behind_space(text, at + 1)
    ended = text.startswith("]", at)
    while not ended:
        _, end = _SCANNER.raw_decode(text, at)
        rows.append(text[at:end].encode())
        at = _behind_space(text, end)
        ended = text.startswith("]", at)
        if not ended:
            if not text.startswith(",", at):
                raise json.JSONDecodeError("neither , nor ]", text, at)
            at = _behind_space(text, at + 1)
    if _behind_space(text, at + 1) != len(text):
        raise json.JSONDecodeError("more behind it", text, at + 1)
    return rows


def _behind_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def odd_text(value: object) -> str | None:
    """Why a text may not be stored, in words; None where it may, or is no text."""
    if isinstance(value, str):
        if SURROGATE.search(value):
            return "must be whole Unicode characters, without half a surrogate pair"
        if "\0" in value:
            return "must not hold the character U+0000"
    return None


def _unrepeated(pairs: list[tuple[str, object]]) -> Mapping[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Unclean
    return members


def _members(pairs: list[tuple[str, object]]) -> Members:
    members = Members(pairs)
    if len(members) != len(pairs):
        times = Counter(name for name, _ in pairs)
        members.repeated = [name for name in members if times[name] > 1]
    return members


def _whole(digits: str) -> int | Unwritable:
    return int(digits) if len(digits) <= DIGITS_MAX else Unwritable.OUT_OF_RANGE


def _fraction(digits: str) -> float | Unwritable:
    number = float(digits)
    return Unwritable.OUT_OF_RANGE if isinf(number) else number


_TOLERANT: Final = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_constant=lambda _: Unwritable.NOT_FINITE,
    parse_int=_whole,
    parse_float=_fraction,
)
