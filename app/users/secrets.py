"""The keys the people's room needs, each for its own purpose, and the secrets it hands out."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest
from typing import Final, Self

from app.keys import derive
from app.seal import Seal

SECRET_BYTES: Final = 32
"""256 random bits: of a session, of a link."""


@dataclass(frozen=True)
class Keys:
    """
    rows:   seals addresses, seeds and passkeys at rest.
    lookup: of hashes of addresses and recovery codes.
    pages:  seals what the console gives to a browser and takes back.
    """

    rows: Seal = field(repr=False)
    lookup: bytes = field(repr=False)
    pages: Seal = field(repr=False)

    @classmethod
    def of(cls, master: bytes) -> Self:
        """From the master key."""
        return cls(
            Seal(derive(master, "users/rows")),
            derive(master, "users/lookup"),
            Seal(derive(master, "users/pages")),
        )

    def email_hash(self, email: str) -> bytes:
        """By which somebody is found."""
        return digest(self.lookup, b"email\0" + canonical(email).encode(), sha256)

    def handle(self, user_id: str) -> bytes:
        """What an authenticator knows a user by: 32 bytes that say nothing of them (WebAuthn, 14.6.1)."""
        return digest(self.lookup, b"handle\0" + user_id.encode(), sha256)


def canonical(email: str) -> str:
    """One spelling of an address."""
    return email.strip().casefold()


def new_secret() -> str:
    """43 characters that go into a cookie or a link."""
    return secrets.token_urlsafe(SECRET_BYTES)


def secret_hash(secret: str) -> bytes:
    """As it is kept: 256 random bits need no slower one."""
    return sha256(secret.encode()).digest()
