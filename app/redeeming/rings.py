"""The keys of tokens in this process's memory, read again every few seconds, and not trusted when they are old."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final, NamedTuple

import structlog

from app.ports.instants import Clock
from app.ports.record import RecordAway
from tokens.errors import NoKey
from tokens.key_store import KeyStore, StoredKey
from tokens.keyring import Keyring

FRESH_EVERY_S: Final = 10.0
"""Between two readings: a key that was removed is gone from every process well within the promised minute."""
RETRY_S: Final = 1.0
"""Between two attempts while the record is away."""
TRUSTED_MS: Final = 60_000
"""How long the last reading counts: beyond it a key may have been removed elsewhere, so nothing is signed, verified
or opened. [tokens.md] R3: a removal is effective everywhere within 60 s."""
MS_PER_S: Final = 1_000

log = structlog.get_logger("earnest.tokens")


class _Read(NamedTuple):
    """What was read, and when the reading began."""

    at_ms: int
    sign: Keyring
    vault: Keyring


class Rings:
    """
    The signing keys and the daily server keys. All but `refresh` and `keep_fresh` only look into memory.

    Args:
        store: Where the keys are kept; asked in a thread.
        clock: The instants they are trusted by.
    """

    def __init__(self, store: KeyStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._held: _Read | None = None

    async def refresh(self) -> None:
        """Have what is missing made, and read all there is. Raises RecordAway; what was held is held on to then."""
        self._held = await asyncio.to_thread(self._read, self._clock())

    async def keep_fresh(self) -> None:
        """Refresh for ever; a fault of ours must not end it, since the keys would be trusted no longer for good."""
        while True:
            try:
                await self.refresh()
            except RecordAway as away:
                log.warning("the keys of tokens cannot be read; trying again", why=str(away))
                await asyncio.sleep(RETRY_S)
            except Exception:
                log.exception("the keys of tokens cannot be read; trying again")
                await asyncio.sleep(FRESH_EVERY_S)
            else:
                await asyncio.sleep(FRESH_EVERY_S)

    def sign_ring(self) -> Keyring:
        """The signing keys. Raises RecordAway where they were last read too long ago."""
        return self._trusted().sign

    def signing(self, now_ms: int) -> StoredKey:
        """The key to sign with. Raises RecordAway, also where none is active by this process's clock."""
        try:
            return self._trusted().sign.signing(now_ms)
        except NoKey as none:
            raise RecordAway(str(none)) from none

    def vault_key(self, key_id: str) -> bytes | None:
        """A daily server key; None where it was destroyed or never was. Raises RecordAway."""
        held = self._trusted()
        key = held.vault.by_id(key_id)
        return None if key is None or key.until_ms <= self._clock() else key.secret

    def today(self, now_ms: int) -> StoredKey:
        """The server key of this day, to seal under. Raises RecordAway, also where nobody could make it yet."""
        key = self._trusted().vault.by_id(datetime.fromtimestamp(now_ms / MS_PER_S, UTC).date().isoformat())
        if key is None:
            raise RecordAway("today's server key is not made yet")
        return key

    def _trusted(self) -> _Read:
        held = self._held
        if held is None or self._clock() - held.at_ms > TRUSTED_MS:
            raise RecordAway("the keys of tokens were last read too long ago")
        return held

    def _read(self, now_ms: int) -> _Read:
        self._store.ensure(now_ms)
        return _Read(now_ms, Keyring(self._store.keys("sign")), Keyring(self._store.keys("vault")))

    def __repr__(self) -> str:
        """Never a key."""
        return "Rings(…)"
