"""Recovery codes: ten ways in for whoever lost the telephone, each good once, kept as keyed hashes."""

from __future__ import annotations

import secrets
from hashlib import sha256
from hmac import digest
from typing import Final

from app.users.limits import RECOVERY_CODES, RECOVERY_LETTERS

ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without 0 1 i l o, which are mistaken for each other."""
GROUP: Final = 4


def new_codes() -> tuple[str, ...]:
    """Ten codes as they are shown: `abcd-efgh-jkmn`."""
    return tuple([_new() for _ in range(RECOVERY_CODES)])


def spelled(text: str) -> str | None:
    """The code without what a hand adds; None where it is no code."""
    code = "".join([letter for letter in text.lower() if letter not in " -\t"])
    return code if len(code) == RECOVERY_LETTERS and set(code) <= set(ALPHABET) else None


def code_hash(pepper: bytes, user_id: str, code: str) -> bytes:
    """HMAC-SHA-256 of a user's code, 32 bytes."""
    plain = spelled(code) or ""
    return digest(pepper, f"{len(user_id)}:{user_id}:{plain}".encode(), sha256)


def _new() -> str:
    letters = "".join([secrets.choice(ALPHABET) for _ in range(RECOVERY_LETTERS)])
    return "-".join([letters[at : at + GROUP] for at in range(0, RECOVERY_LETTERS, GROUP)])
