"""An authenticator in a few lines: an ES256 key that signs whatever page it is told it was asked by."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
"""Flags of authenticator data (WebAuthn, 6.1)."""


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


class SoftKey:
    """
    Args:
        number: tells its credential from others'.
        count: signatures counted so far; None: it keeps no count.
    """

    def __init__(self, number: int = 1, count: int | None = 0) -> None:
        self._key = ec.derive_private_key(number + 1_000, ec.SECP256R1())
        self.credential_id = sha256(b"credential %d" % number).digest()
        self.count = count

    def make(self, challenge: bytes, rp_id: str, origin: str, *, flags: int = PRESENT | VERIFIED) -> str:
        """What `navigator.credentials.create` gives."""
        numbers = self._key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        data = self._data(rp_id, flags | ATTESTED) + attested + cbor2.dumps(public)
        whole = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", challenge, origin)
        response = {
            "clientDataJSON": text(client),
            "attestationObject": text(whole),
            "transports": ["internal"],
        }
        return self._answer(response)

    def sign(
        self,
        challenge: bytes,
        rp_id: str,
        origin: str,
        *,
        flags: int = PRESENT | VERIFIED,
        kind: str = "webauthn.get",
        user: bytes | None = None,
    ) -> str:
        """What `navigator.credentials.get` gives."""
        if self.count is not None:
            self.count += 1
        data, client = self._data(rp_id, flags), self._client(kind, challenge, origin)
        signature = self._key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(signature),
        }
        return self._answer(response | ({} if user is None else {"userHandle": text(user)}))

    def _data(self, rp_id: str, flags: int) -> bytes:
        return sha256(rp_id.encode()).digest() + bytes([flags]) + (self.count or 0).to_bytes(4, "big")

    def _client(self, kind: str, challenge: bytes, origin: str) -> bytes:
        told = {"type": kind, "challenge": text(challenge), "origin": origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        name = text(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
