"""The keys of tokens as kept, and what keeps them. Of the store as in `tokens.ledger`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from tokens.who import Who


class StoredKey(Struct, frozen=True):
    """
    A key of the ring as kept: random, wrapped by the service.

    key_id:    signing: 8 characters; vault: the day, `2026-11-22`.
    active_ms: signs from then on.  until_ms: verifies, or opens, until then; the row is destroyed afterwards.
    """

    key_id: str
    use: Literal["sign", "vault"]
    secret: bytes
    made_ms: int
    active_ms: int
    until_ms: int

    def __repr__(self) -> str:
        """Never the secret."""
        return f"StoredKey({self.use} {self.key_id})"


class KeyStore(Protocol):
    """Where the keys of tokens live."""

    def keys(self, use: Literal["sign", "vault"]) -> Sequence[StoredKey]:
        """All that are kept, oldest first."""
        ...

    def ensure(self, now_ms: int) -> None:
        """Make what is missing: a signing key that is active and young enough, today's and tomorrow's vault key. Any
        number of processes may ask at once; one key is made.
        """
        ...

    def remove(self, key_id: str, who: Who, now_ms: int) -> bool:
        """Remove a signing key at once: every token signed with it is unknown within a minute."""
        ...
