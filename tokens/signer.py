"""Signing and reading the text of a token: of all texts, exactly one is genuine.

itsdangerous makes and checks the MACs. Around it: nothing is decoded, inflated or looked at before a MAC is right, and
the many spellings its lenient base64 lets pass are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final, NamedTuple, get_args

import itsdangerous
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from itsdangerous.encoding import base64_decode, base64_encode

from tokens.claims import Claims, understood, written
from tokens.errors import NoKey
from tokens.key_store import StoredKey
from tokens.keyring import Keyring
from tokens.token import Purpose

PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
LONGEST_SIGNED: Final = 300
"""Characters of a token at most: with the page's address it fits where mail programs break links."""
LONGEST_READ: Final = 1_024
"""Characters; a longer text is refused before it is looked at."""
KEY_BYTES: Final = 32
"""Of a purpose's key: as long as the hash (RFC 2104, 3)."""

SHAPE: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})", re.ASCII)
"""Payload and signature; 43 characters of base64 are the 32 bytes of SHA-256. For `fullmatch`: `$` allows a newline."""


class _Mac(NamedTuple):
    """What makes and checks the MACs of one key for one purpose."""

    purpose: Purpose
    signer: itsdangerous.Signer


class _Macs(NamedTuple):
    """Those of all keys of one ring, by key id."""

    ring: Keyring
    of_key: Mapping[str, tuple[_Mac, ...]]


class Signer:
    """
    Signs with the ring's active key, reads what any of its keys signed.

    Args:
        keyring_of: The ring as it is known now, the same object until it changes: its keys are derived once.
    """

    __slots__ = ("_keyring_of", "_macs")

    def __init__(self, keyring_of: Callable[[], Keyring]) -> None:
        self._keyring_of = keyring_of
        self._macs = _Macs(Keyring(()), {})

    def sign(self, claims: Claims, now_ms: int) -> str:
        """
        The token's text: ASCII, 300 characters at most.

        Raises:
            NoKey: The key the claims name does not sign at that instant.
            ValueError: The claims are not such as can be read again.
        """
        ring = self._keyring_of()
        key = ring.by_id(claims.kid)
        if key is None or not key.active_ms <= now_ms < key.until_ms:
            raise NoKey(f"key {claims.kid!r} does not sign")
        body = written(claims)
        if understood(body) != claims:
            raise ValueError("claims that could not be read again")
        mac = next(mac for mac in self._macs_of(ring, key) if mac.purpose == claims.pur)
        text = mac.signer.sign(base64_encode(body)).decode("ascii")
        if len(text) > LONGEST_SIGNED:
            raise ValueError(f"a token of {len(text)} characters, {LONGEST_SIGNED} at most")
        return text

    def read(self, text: str, now_ms: int) -> Claims | None:
        """
        The claims of a genuine token, whatever its times say; None for every other text, without a reason.

        Every key is tried for every purpose, for nothing in the text is believed before a MAC is right.
        """
        if len(text) > LONGEST_READ:
            return None
        shape = SHAPE.fullmatch(text)
        if shape is None:
            return None
        payload, signature = shape.groups()
        if not (_canonical(payload) and _canonical(signature)):
            return None
        ring = self._keyring_of()
        for key in ring.verifying(now_ms):
            for mac in self._macs_of(ring, key):
                if mac.signer.verify_signature(payload, signature):
                    claims = understood(base64_decode(payload))
                    told_true = claims is not None and (claims.kid, claims.pur) == (key.key_id, mac.purpose)
                    return claims if told_true else None
        return None

    def _macs_of(self, ring: Keyring, key: StoredKey) -> tuple[_Mac, ...]:
        """Made once for each key of a ring; those of another ring are forgotten, and its removed keys with them."""
        made = self._macs
        if made.ring is not ring:
            self._macs = made = _Macs(ring, {})
        macs = made.of_key.get(key.key_id)
        if macs is None:
            macs = tuple(_Mac(purpose, _mac_of(key.secret, purpose)) for purpose in PURPOSES)
            self._macs = _Macs(ring, {**made.of_key, key.key_id: macs})
        return macs

    def __repr__(self) -> str:
        """Never a key."""
        return "Signer(…)"


def _mac_of(secret: bytes, purpose: Purpose) -> itsdangerous.Signer:
    """A key and a salt of its own for each purpose; all of itsdangerous's defaults overruled."""
    key = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=b"earnest/tokens/sign/v1", info=purpose.encode())
    return itsdangerous.Signer(
        key.derive(secret),
        salt=f"redeem.{purpose}.v1".encode(),
        sep=b".",
        key_derivation="hmac",
        digest_method=sha256,
    )


def _canonical(text: str) -> bool:
    """Whether base64url, of the right alphabet already, is spelled as it is written."""
    try:
        return base64_encode(base64_decode(text)) == text.encode("ascii")
    except itsdangerous.BadData:
        return False
