"""Codes that are sent: made at random, kept as keyed hashes, read in one spelling."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Final

from tokens.framing import framed

LETTERS: Final = "ACDEFGHJKMNPQRTVWXY34679"
"""Of a reference: none that looks like another (0 O, 1 I L, 2 Z, 5 S, 8 B, U V)."""
REFERENCE_LETTERS: Final = 2
"""It tells the codes of one member apart, and is no secret."""
CHALLENGE_ID_BYTES: Final = 16
"""128 random bits."""
BLANKS: Final = " \t\r\n\f\v"
"""What a hand or a clipboard adds around a code."""
DIGITS: Final = re.compile(r"[0-9]+")
"""ASCII only: `\\d` and `isdigit` also take digits of other scripts. For `fullmatch`."""


def new_code(digits: int) -> str:
    """A random code of so many digits, each equally likely; leading zeros count."""
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def code_hash(pepper: bytes, challenge_id: str, code: str) -> bytes:
    """HMAC-SHA-256 of a code at its challenge, 32 bytes: without the pepper, six digits are soon guessed from a hash."""
    return hmac.digest(pepper, framed(challenge_id.encode(), code.encode()), "sha256")


def matches(one: bytes, other: bytes) -> bool:
    """Whether two hashes are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)


def spelled(text: object, digits: int) -> str | None:
    """The code as it is compared, blanks around it taken off; None for anything but a text of so many ASCII digits."""
    if not isinstance(text, str):
        return None
    code = text.strip(BLANKS)
    return code if len(code) == digits and DIGITS.fullmatch(code) else None


def reference() -> str:
    """Two characters by which a member tells this code from the one before."""
    return "".join([secrets.choice(LETTERS) for _ in range(REFERENCE_LETTERS)])


def new_challenge_id() -> str:
    """`chl_` and 32 hexadecimal digits."""
    return f"chl_{secrets.token_hex(CHALLENGE_ID_BYTES)}"
