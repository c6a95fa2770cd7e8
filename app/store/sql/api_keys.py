"""API keys as stored: names, scopes, and the hash of the secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import select, update

from app.ports.rows import ApiKeyRow
from app.store.sql.dialect import insert_new
from app.store.sql.reach import reading, writing
from app.store.sql.tables import api_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine, Row

_decode_names: Final = msgspec.json.Decoder(tuple[str, ...]).decode


class ApiKeyRecord:
    """Who may call, part of `SqlRecord`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_key(self, key: ApiKeyRow) -> None:
        """Keep a key; one whose id is known is passed over."""
        values = msgspec.structs.asdict(key)
        values |= {name: msgspec.json.encode(values[name]).decode() for name in ("scopes", "stores")}
        with writing(self._engine) as connection:
            insert_new(connection, api_keys, [values])

    def key(self, key_id: str) -> ApiKeyRow | None:
        """One key, revoked and expired ones included."""
        with reading(self._engine) as connection:
            row = connection.execute(select(api_keys).where(api_keys.c.key_id == key_id)).first()
        return None if row is None else _key(row)

    def keys(self) -> Sequence[ApiKeyRow]:
        """All keys of all programmes, oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(api_keys).order_by(api_keys.c.created_ms, api_keys.c.key_id)
            ).all()
        return [_key(row) for row in rows]

    def revoke_key(self, key_id: str, now_ms: int) -> bool:
        """Revoke for good; False where there is no such key or it was revoked before."""
        with writing(self._engine) as connection:
            revoked = connection.execute(
                update(api_keys)
                .where(api_keys.c.key_id == key_id, api_keys.c.revoked_ms.is_(None))
                .values(revoked_ms=now_ms)
            ).rowcount
        return revoked > 0


def _key(row: Row[Any]) -> ApiKeyRow:
    values = row._asdict()
    values |= {name: _decode_names(values[name]) for name in ("scopes", "stores")}
    return ApiKeyRow(**values)
