"""Passwords: which are taken, and how they are kept (Argon2id)."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import Final

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from app.users.limits import HASHING_AT_ONCE, LONGEST_PASSWORD, SHORTEST_PASSWORD

ON_DUTY: Final = profiles.RFC_9106_LOW_MEMORY
"""Argon2id, 64 MiB, 3 passes, 4 lanes: RFC 9106, section 4, second recommended option; above what OWASP asks at least."""
FOR_TESTS: Final = profiles.CHEAPEST
"""As quick as there is; never fit for duty."""
BRAND: Final = "earnest"
LEAST_DIFFERENT: Final = 5
"""Characters in a password: `aaaaaaaaaaaa` and `121212121212` are the first to be tried."""
SHORTEST_WORD: Final = 4
"""Letters of a name that a password may not consist of; shorter ones occur in any."""


def fault(password: str, email: str) -> str | None:
    """
    What is wrong with a password, as told to whoever chose it; None where it is taken.

    Lengths and words after NIST SP 800-63B-4, 3.1.1.2: no rules about kinds of characters; blanks count too.
    """
    text = normal(password)
    if len(text) < SHORTEST_PASSWORD:
        return f"At least {SHORTEST_PASSWORD} characters. A few words with blanks between them are easy to remember."
    if len(text) > LONGEST_PASSWORD:
        return f"At most {LONGEST_PASSWORD} characters."
    if len(set(text.casefold())) < LEAST_DIFFERENT:
        return "Too few different characters: it would be guessed first."
    if _is_sequence(text.casefold()):
        return "A row of neighbouring characters would be guessed first."
    left = "".join([letter for letter in text.casefold() if letter.isalpha()])
    for word in _words(email):
        if not left.replace(word, ""):
            return "It consists of your e-mail address or of our name: choose other words."
    return None


def normal(password: str) -> str:
    """One spelling of what was typed, whichever keyboard it was typed on (NFKC, as NIST asks)."""
    return unicodedata.normalize("NFKC", password)


def _words(email: str) -> list[str]:
    local, _, host = email.casefold().partition("@")
    parts = (
        local,
        local + host,
        *local.replace("-", ".").replace("_", ".").split("."),
        *host.split("."),
        BRAND,
    )
    letters = ("".join([letter for letter in part if letter.isalpha()]) for part in parts)
    return sorted({word for word in letters if len(word) >= SHORTEST_WORD}, key=len, reverse=True)


def _is_sequence(text: str) -> bool:
    return len({ord(after) - ord(before) for before, after in pairwise(text)}) == 1


class Passwords:
    """
    Hashes and checks, a few at once, in threads.

    Args:
        parameters: of Argon2: `ON_DUTY`, or `FOR_TESTS`.
    """

    def __init__(self, parameters: object = ON_DUTY) -> None:
        assert isinstance(parameters, type(ON_DUTY))  # noqa: S101 - argon2 does not export the type
        self._hasher = PasswordHasher.from_parameters(parameters)
        self._nobodys = self._hasher.hash("nobody's password")
        self._limiter: CapacityLimiter | None = None

    async def hash(self, password: str) -> str:
        """As it is kept: parameters, salt and hash in one text."""
        return await to_thread.run_sync(self.hash_now, password, limiter=self._turns())

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether it is the one; where nobody has one, the same work for the same answer, no."""
        return await to_thread.run_sync(self._fits, kept, password, limiter=self._turns())

    def hash_now(self, password: str) -> str:
        """The same, here and now: for a command."""
        return self._hasher.hash(normal(password))

    def _fits(self, kept: str | None, password: str) -> bool:
        text = normal(password[: LONGEST_PASSWORD + 1])
        try:
            self._hasher.verify(kept or self._nobodys, text)
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None and len(text) <= LONGEST_PASSWORD

    def _turns(self) -> CapacityLimiter:
        if self._limiter is None:
            self._limiter = CapacityLimiter(HASHING_AT_ONCE)
        return self._limiter
