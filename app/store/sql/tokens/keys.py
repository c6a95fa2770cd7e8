"""The keys of tokens in SQL: random, wrapped by the service's key, made by one process and destroyed with their row."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import asdict
from sqlalchemy import Connection, Engine, select

from app.seal import KEY_BYTES, Seal, place
from app.store.sql.audit import Audit, Entry
from app.store.sql.reach import in_one, reading
from app.store.sql.token_tables import token_keys
from app.store.sql.tokens.ending import WORKER
from app.store.sql.tokens.rows import MOVES
from tokens.key_store import KeyStore, StoredKey
from tokens.limits import (
    LONGEST_LIFE_S,
    SIGNING_KEY_KEPT_S,
    SIGNING_KEY_LIFE_S,
    SIGNING_KEY_WAITS_S,
    VAULT_KEY_KEPT_S,
)
from tokens.who import Who

KEY_ID_CHARACTERS: Final = 8
"""Of a signing key, hexadecimal."""
_DAY_MS: Final = 86_400_000
_MAKE: Final = MOVES["make_key"]
_REMOVE: Final = MOVES["remove_key"]


class SqlKeyStore(KeyStore):
    """
    `tokens.key_store.KeyStore` over SQLite and PostgreSQL. Every method raises RecordAway.

    Args:
        engine: A database at this version's migration.
        seal: Wraps the keys; under the service's key for this purpose.
        audit: Where it is noted which keys were made and removed.
    """

    def __init__(self, engine: Engine, seal: Seal, audit: Audit) -> None:
        self._engine = engine
        self._seal = seal
        self._audit = audit

    def keys(self, use: str) -> Sequence[StoredKey]:
        """All that are kept, oldest first. Raises SealBroken where the service's key is another one."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(token_keys).where(token_keys.c.use == use).order_by(token_keys.c.active_ms)
            ).all()
        return [
            StoredKey(
                key_id=row.key_id,
                use=row.use,
                secret=self._seal.open(row.wrapped_key, _place(row.use, row.key_id)),
                made_ms=row.made_ms,
                active_ms=row.active_ms,
                until_ms=row.until_ms,
            )
            for row in rows
        ]

    def ensure(self, now_ms: int) -> None:
        """
        Make what is missing.

        What is missing is looked for again under the audit's lock, so of many processes one makes it.
        """
        with reading(self._engine) as connection:
            if not any(_missing(connection, now_ms)):
                return
        in_one(self._engine, lambda connection: self._make(connection, now_ms))

    def remove(self, key_id: str, who: Who, now_ms: int) -> bool:
        def move(connection: Connection) -> bool:
            if _REMOVE.run(connection, {"key_id": key_id}).first() is None:
                return False
            self._audit.append(connection, [Entry(now_ms, "", "key.removed", key_id, *who, "sign")])
            return True

        return in_one(self._engine, move)

    def rotate(self, who: Who, now_ms: int) -> StoredKey:
        """A new signing key beside those there are; it signs once every process knows it."""
        key = _signing_key(now_ms, now_ms + SIGNING_KEY_WAITS_S * 1_000)
        in_one(self._engine, lambda connection: self._keep(connection, [key], who))
        return key

    def _make(self, connection: Connection, now_ms: int) -> None:
        self._audit.hold(connection)
        self._keep(connection, list(_missing(connection, now_ms)), WORKER)

    def _keep(self, connection: Connection, made: Sequence[StoredKey], who: Who) -> None:
        for key in made:
            values = asdict(key)
            secret = values.pop("secret")
            values["wrapped_key"] = self._seal.seal(secret, _place(key.use, key.key_id))
            _MAKE.run(connection, values)
        self._audit.append(
            connection, [Entry(key.made_ms, "", "key.made", key.key_id, *who, key.use) for key in made]
        )


def _missing(connection: Connection, now_ms: int) -> Iterator[StoredKey]:
    """The keys to be made at that instant."""
    rows = connection.execute(
        select(token_keys.c.use, token_keys.c.key_id, token_keys.c.active_ms, token_keys.c.until_ms)
    ).all()
    signing = [row for row in rows if row.use == "sign"]
    bridged = _bridged(signing, now_ms)
    known_ms = now_ms + SIGNING_KEY_WAITS_S * 1_000
    young = [row for row in signing if known_ms < row.active_ms + SIGNING_KEY_LIFE_S * 1_000]
    if not any(bridged or row.active_ms <= now_ms for row in young):
        yield _signing_key(now_ms, known_ms if bridged else now_ms)
    kept = {row.key_id for row in rows if row.use == "vault"}
    for day in (now_ms // _DAY_MS, now_ms // _DAY_MS + 1):
        key = _vault_key(day * _DAY_MS, now_ms)
        if key.key_id not in kept:
            yield key


def _bridged(signing: Sequence[Any], now_ms: int) -> bool:
    """Whether another key can sign until a new one is known everywhere, and its last token be read to its end."""
    read_ms = now_ms + (SIGNING_KEY_WAITS_S + LONGEST_LIFE_S) * 1_000
    return any(row.active_ms <= now_ms and row.until_ms >= read_ms for row in signing)


def _signing_key(made_ms: int, active_ms: int) -> StoredKey:
    return StoredKey(
        key_id=secrets.token_hex(KEY_ID_CHARACTERS // 2),
        use="sign",
        secret=secrets.token_bytes(KEY_BYTES),
        made_ms=made_ms,
        active_ms=active_ms,
        until_ms=active_ms + (SIGNING_KEY_LIFE_S + SIGNING_KEY_KEPT_S) * 1_000,
    )


def _vault_key(day_ms: int, made_ms: int) -> StoredKey:
    return StoredKey(
        key_id=datetime.fromtimestamp(day_ms / 1_000, UTC).date().isoformat(),
        use="vault",
        secret=secrets.token_bytes(KEY_BYTES),
        made_ms=made_ms,
        active_ms=day_ms,
        until_ms=day_ms + VAULT_KEY_KEPT_S * 1_000,
    )


def _place(use: str, key_id: str) -> bytes:
    return place("token key", use, key_id)
