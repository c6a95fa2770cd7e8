"""What time ends: tokens past their expiry, answers, calls, counts, challenges, messages and keys past theirs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, Engine

from app.store.sql.audit import Audit, Entry
from app.store.sql.moves import Move
from app.store.sql.reach import in_one
from app.store.sql.tokens.ending import WORKER, expire
from app.store.sql.tokens.rows import MOVES

CODES_KEPT_S: Final = 86_400
"""Seconds for which tries and challenges are kept after their end: 24 h, while limits by the day still count them."""
MESSAGES_KEPT_S: Final = 30 * 86_400
"""Seconds for which it is known what became of a message: 30 days, as bounces and complaints come late."""

_KEYS: Final = MOVES["sweep_keys"]
_OTHERS: Final = tuple(
    MOVES[f"sweep_{name}"]
    for name in (
        "answers",
        "calls",
        "counts",
        "subjects",
        "challenges",
        "messages",
        "passkey_links",
        "openings",
    )
)


def sweep(engine: Engine, audit: Audit, now_ms: int, limit: int) -> int:
    """
    End what is due, at most `limit` rows; each kind in a transaction of its own, so that no lock is held for long.

    Raises:
        RecordAway: What was swept before stays so; sweep again.
    """
    swept = in_one(engine, lambda connection: _destroy_keys(connection, audit, now_ms))
    swept += in_one(engine, lambda connection: expire(connection, audit, now_ms, max(limit - swept, 0)))
    values = {
        "now_ms": now_ms,
        "ended_ms": now_ms - CODES_KEPT_S * 1_000,
        "messages_ended_ms": now_ms - MESSAGES_KEPT_S * 1_000,
        "nothing": b"",
    }
    for move in _OTHERS:
        if swept >= limit:
            break
        swept += _run(engine, move, {**values, "most": limit - swept})
    return swept


def _run(engine: Engine, move: Move, values: dict[str, object]) -> int:
    return in_one(engine, lambda connection: len(move.run(connection, values).all()))


def _destroy_keys(connection: Connection, audit: Audit, now_ms: int) -> int:
    """A handful at most: they are all destroyed, whatever the limit."""
    destroyed = _KEYS.run(connection, {"now_ms": now_ms}).all()
    audit.append(
        connection,
        [Entry(now_ms, "", "key.destroyed", row.key_id, *WORKER, row.use) for row in destroyed],
    )
    return len(destroyed)
