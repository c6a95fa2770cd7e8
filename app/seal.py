"""Sealing: authenticated encryption of small records, bound to where they belong; one error, SealBroken."""

from __future__ import annotations

from os import urandom
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
"""AES-256."""
NONCE_BYTES: Final = 12
"""Bytes of random nonce before the ciphertext: the length GCM is built for (NIST SP 800-38D, 5.2.1.1)."""
TAG_BYTES: Final = 16
"""Bytes of authentication tag after the ciphertext: the longest GCM offers."""


class SealBroken(Exception):
    """The bytes were not sealed by this key for this place, or were changed since."""


class Seal:
    """
    AES-256-GCM under one key, with a fresh random nonce for each message.

    Random nonces limit one key to 2^32 messages (NIST SP 800-38D, 8.3): what grows with traffic wants a key
    of its own for each account or period, and only those keys are sealed under a long-lived one.

    Args:
        key: 32 secret random bytes.

    Raises:
        ValueError: The key has another length.
    """

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a sealing key has {KEY_BYTES} bytes, not {len(key)}")
        self._aead = AESGCM(key)

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt; `aad` names the place and must be given again to open. Adds 28 bytes."""
        nonce = urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plaintext, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Decrypt what `seal` made for the same place, or raise SealBroken."""
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise SealBroken(f"{len(sealed)} bytes are too few to be sealed")
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
        except InvalidTag as error:
            raise SealBroken("another key, another place, or changed bytes") from error

    def __repr__(self) -> str:
        """Never the key."""
        return "Seal(…)"


def place(*names: str) -> bytes:
    """Associated data out of names, each with its length in front, so that no two lists of names collide."""
    return "".join([f"{len(name)}:{name}" for name in names]).encode()
