"""
API keys: `ek_<key id>_<secret>`. Minted once, kept as a hash, checked at the gate of every request.

The secret is 256 random bits, so one SHA-256 is the right hash: there is nothing to guess that slowing down
would protect, and the check stays on the hot path (docs/decisions/0005-starlette-and-msgspec.md).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from typing import Final, NamedTuple, TypeVar

from anyio import CapacityLimiter, to_thread

from app.ports.instants import Clock
from app.ports.record import RecordAway
from app.ports.rows import ApiKeyRow
from app.problems import FORBIDDEN, UNAUTHORIZED, UNAVAILABLE, Problem
from detectors.event import Event

SCOPES: Final = ("score", "events", "tokens", "read", "admin")
KEY_ID_BYTES: Final = 8
"""A key id only has to be unlike the others of one installation: 64 bits."""
SECRET_BYTES: Final = 32
"""256 bits: beyond guessing."""
KEY_SHAPE: Final = re.compile(r"[Bb]earer +ek_([0-9a-f]{16})_([A-Za-z0-9_\-]{43})")
FRESH_MS: Final = 10_000
"""A key is read again after 10 s, so that a revocation bites within that time."""
ABSENT_MS: Final = 2_000
"""An unknown key id is believed to be unknown for 2 s: a client with a wrong key costs little."""
RETRY_MS: Final = 2_000
"""While one call reads a key again, or has failed to, the others believe it for so long."""
STALE_MS: Final = 60_000
"""While the record is away, a key that was good is believed for a minute: a failover stops no decisions."""
KNOWN_MAX: Final = 4_096
"""Keys held in memory; an installation has dozens. About 1 kB each."""
ABSENT_MAX: Final = 4_096
"""Unknown ids held in memory. A flood of invented ids forgets older invented ids, never a good key."""
LOOKUPS_AT_ONCE: Final = 4
"""Threads the gate may use at once, of the pool's 40: a flood of invented ids leaves the others alone."""
NO_HASH: Final = bytes(32)
"""Compared with where there is no key, so that both refusals take the same steps. No secret hashes to it."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Minted:
    """A new key: the row to store, and the text to show once."""

    row: ApiKeyRow
    token: str = field(repr=False)


class Principal(NamedTuple):
    """Who is calling, and what they may do."""

    key_id: str
    name: str
    scopes: frozenset[str]
    program_id: str
    stores: frozenset[str]

    def refuses(self, event: Event) -> Problem | None:
        """Why this key may not send that event; None where it may."""
        if event.program_id != self.program_id:
            return FORBIDDEN.because("This key belongs to another programme than the event.")
        if self.stores and event.store_id not in self.stores:
            return FORBIDDEN.because("This key is limited to stores the event is not from.")
        return None


class _Known(NamedTuple):
    """A key as last read, and when to read it again."""

    row: ApiKeyRow
    principal: Principal
    read_ms: int
    again_ms: int


def hash_secret(secret: str) -> bytes:
    """SHA-256 of the secret half of a key, 32 bytes."""
    return sha256(secret.encode()).digest()


def mint(
    *,
    name: str,
    scopes: Iterable[str],
    program_id: str,
    stores: Iterable[str] = (),
    now_ms: int,
    expires_ms: int | None = None,
) -> Minted:
    """
    A new key.

    Raises:
        ValueError: a scope is not one of SCOPES, or there is none.
    """
    wanted = tuple(dict.fromkeys(scopes))
    if not wanted or not set(wanted) <= set(SCOPES):
        raise ValueError(f"scopes must be some of: {', '.join(SCOPES)}")
    key_id, secret = secrets.token_hex(KEY_ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    row = ApiKeyRow(
        key_id=key_id,
        name=name,
        secret_hash=hash_secret(secret),
        scopes=wanted,
        program_id=program_id,
        stores=tuple(stores),
        created_ms=now_ms,
        expires_ms=expires_ms,
        revoked_ms=None,
    )
    return Minted(row, f"ek_{key_id}_{secret}")


class Gate:
    """
    Lets a request in or refuses it. Holds the keys it has seen for a few seconds.

    Args:
        look_up: key id → row, `Record.key`. Synchronous: called in a thread. Raises RecordAway.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, look_up: Callable[[str], ApiKeyRow | None], clock: Clock) -> None:
        self._look_up = look_up
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._absent: dict[str, int] = {}
        self._limiter: CapacityLimiter | None = None

    async def admit(self, authorization: str | None, scopes: tuple[str, ...]) -> Principal | Problem:
        """
        Who sent this `Authorization` header, if they hold one of `scopes`; otherwise the problem to send.

        Unknown, wrong, expired and revoked keys get one and the same answer.
        """
        shape = KEY_SHAPE.fullmatch(authorization) if authorization is not None else None
        if shape is None:
            return UNAUTHORIZED
        key_id, secret = shape.groups()
        now_ms = self._clock()
        known = self._known.get(key_id)
        if known is None or now_ms >= known.again_ms or now_ms - known.read_ms >= STALE_MS:
            if (
                known is not None
            ):  # one call reads; the others go on with what is known, however long that takes
                self._known[key_id] = known._replace(again_ms=now_ms + RETRY_MS)
            try:
                known = await self._read(key_id, now_ms)
            except RecordAway:
                if known is None or now_ms - known.read_ms >= STALE_MS:
                    return UNAVAILABLE
        right = compare_digest(NO_HASH if known is None else known.row.secret_hash, hash_secret(secret))
        if not right or known is None or not _alive(known.row, now_ms):
            return UNAUTHORIZED
        if known.principal.scopes.isdisjoint(scopes):
            return FORBIDDEN.because(f"This key lacks the scope `{scopes[0]}`.")
        return known.principal

    async def _read(self, key_id: str, now_ms: int) -> _Known | None:
        if now_ms < self._absent.get(key_id, now_ms):
            return None
        if self._limiter is None:
            self._limiter = CapacityLimiter(LOOKUPS_AT_ONCE)
        row = await to_thread.run_sync(self._look_up, key_id, limiter=self._limiter)
        if row is None:
            self._known.pop(key_id, None)
            _keep(self._absent, key_id, now_ms + ABSENT_MS, ABSENT_MAX)
            return None
        principal = Principal(
            row.key_id, row.name, frozenset(row.scopes), row.program_id, frozenset(row.stores)
        )
        known = _Known(row, principal, now_ms, now_ms + FRESH_MS)
        self._absent.pop(key_id, None)
        _keep(self._known, key_id, known, KNOWN_MAX)
        return known


def _alive(row: ApiKeyRow, now_ms: int) -> bool:
    return row.revoked_ms is None and (row.expires_ms is None or now_ms < row.expires_ms)


def _keep(held: dict[str, T], key: str, value: T, most: int) -> None:
    held.pop(key, None)
    if len(held) >= most:
        del held[next(iter(held))]
    held[key] = value
