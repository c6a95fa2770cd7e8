"""The keys of tokens as one process knows them at one moment: which signs, which verify, which opens."""

from __future__ import annotations

from collections.abc import Sequence

from tokens.errors import NoKey
from tokens.key_store import StoredKey
from tokens.limits import SIGNING_KEYS_MOST


class Keyring:
    """
    Keys of one use, never changed: whoever learns of a new or a removed key makes a new ring.

    Args:
        keys: As the key store keeps them, in any order.
    """

    __slots__ = ("_by_id", "_newest_first")

    def __init__(self, keys: Sequence[StoredKey]) -> None:
        self._newest_first = tuple(sorted(keys, key=lambda key: (key.active_ms, key.made_ms), reverse=True))
        self._by_id = {key.key_id: key for key in keys}

    def signing(self, now_ms: int) -> StoredKey:
        """
        The youngest signing key that is active.

        Raises:
            NoKey: There is none, so nothing can be issued.
        """
        for key in self._newest_first:
            if key.use == "sign" and key.active_ms <= now_ms < key.until_ms:
                return key
        raise NoKey("no signing key is active")

    def verifying(self, now_ms: int) -> Sequence[StoredKey]:
        """
        The signing keys that have not ended, newest first, three at most.

        One that is not active yet is among them: another process's clock may be ahead.
        """
        kept = [key for key in self._newest_first if key.use == "sign" and now_ms < key.until_ms]
        return kept[:SIGNING_KEYS_MOST]

    def by_id(self, key_id: str) -> StoredKey | None:
        """The key of that id; None where it was removed or destroyed."""
        return self._by_id.get(key_id)

    def __repr__(self) -> str:
        """Never a key."""
        return f"Keyring({len(self._newest_first)} keys)"
