"""The keys one-time tokens need, each derived from the master key for its own purpose."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.keys import derive
from app.seal import KEY_BYTES, Seal, place

ADDRESS_HASH_BYTES: Final = 16
"""Of the keyed hash of an address: enough to tell clients apart, and nothing to find them by without the key."""
NETWORK_BITS: Final = 64
"""Of an IPv6 address: the smallest network anybody is given (RFC 6177), whose 2^64 addresses are all one client's."""


@dataclass(frozen=True)
class Secrets:
    """
    What is derived once at start.

    pepper:  of delivered codes.
    cookies: seals browser sessions.
    outbox:  seals what waits to be sent.
    enrolments: seals links to enrol a passkey by.
    """

    pepper: bytes = field(repr=False)
    cookies: Seal = field(repr=False)
    outbox: Seal = field(repr=False)
    enrolments: Seal = field(repr=False)
    calls: bytes = field(repr=False)
    addresses: bytes = field(repr=False)
    forms: bytes = field(repr=False)

    @classmethod
    def of(cls, master: bytes) -> Self:
        """From the master key."""
        return cls(
            pepper=derive(master, "tokens/codes"),
            cookies=Seal(derive(master, "tokens/cookies")),
            outbox=Seal(derive(master, "tokens/outbox")),
            enrolments=Seal(derive(master, "tokens/enrolments")),
            calls=derive(master, "tokens/calls"),
            addresses=derive(master, "tokens/addresses"),
            forms=derive(master, "tokens/forms"),
        )

    def address_hash(self, *names: str) -> bytes:
        """Keyed hash of an address of any kind: IP, mailbox, telephone number."""
        return digest(self.addresses, place(*names), sha256)[:ADDRESS_HASH_BYTES]

    def client_hash(self, address: str) -> bytes:
        """Keyed hash of whom an IP address belongs to: taking another of one's own ends no limit."""
        return self.address_hash("ip", network_of(address))

    def call_hash(self, program_id: str, *names: str) -> bytes:
        """Keyed hash of an Idempotency-Key and what belongs to it."""
        return digest(self.calls, place(program_id, *names), sha256)

    def call_seal(self, program_id: str, *names: str) -> Seal:
        """A seal of its own for the answer to one call: who does not know its Idempotency-Key cannot open it."""
        info = place("answer", program_id, *names)
        return Seal(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self.calls))


def network_of(address: str) -> str:
    """An IPv4 address as it is, also where it is written as IPv6; the network of an IPv6 one; anything else unchanged."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    if not isinstance(read, IPv6Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(IPv6Network((int(read), NETWORK_BITS), strict=False))
