"""Ends other than redemption: revoked or expired, with the content destroyed and the budget returned; or frozen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from app.store.sql.audit import Audit, Entry
from app.store.sql.moves import AnyRow
from app.store.sql.token_tables import tokens
from app.store.sql.tokens.budgets import give_back
from app.store.sql.tokens.rows import MOVES
from tokens.states import State
from tokens.who import Who

_REVOKE: Final = MOVES["revoke"]
_FREEZE: Final = MOVES["freeze"]
_EXPIRE: Final = MOVES["expire"]
_CANCEL: Final = MOVES["cancel_messages"]

WORKER: Final = Who("worker")
"""Whose doing the passing of time is."""


def revoke(
    connection: Connection, audit: Audit, program_id: str, token_id: str, who: Who, now_ms: int
) -> State | None:
    """Revoke; the state the token has then, None where there is none."""
    values = {"program_id": program_id, "token_id": token_id, "now_ms": now_ms}
    moved = _REVOKE.run(connection, values).all()
    if moved:
        _end(connection, audit, "token.revoked", moved, who, now_ms)
        return "revoked"
    state: State | None = connection.scalar(
        select(tokens.c.state).where(tokens.c.program_id == program_id, tokens.c.token_id == token_id)
    )
    return state


def expire(connection: Connection, audit: Audit, now_ms: int, most: int) -> int:
    """End tokens whose time is over; how many."""
    moved = _EXPIRE.run(connection, {"now_ms": now_ms, "most": most}).all()
    _end(connection, audit, "token.expired", moved, WORKER, now_ms)
    return len(moved)


def freeze(connection: Connection, audit: Audit, token_hash: bytes, why: str, who: Who, now_ms: int) -> bool:
    """Freeze a live token; whether it was."""
    moved = _FREEZE.run(connection, {"token_hash": token_hash}).one_or_none()
    if moved is None:
        return False
    audit.append(connection, [Entry(now_ms, moved.program_id, "token.frozen", moved.token_id, *who, why)])
    return True


def cancel_messages(connection: Connection, token_hashes: Sequence[bytes], now_ms: int) -> None:
    """Cancel what still waits to be sent for these tokens."""
    _CANCEL.run_many(
        connection,
        [{"token_hash": token_hash, "now_ms": now_ms, "nothing": b""} for token_hash in sorted(token_hashes)],
    )


def _end(
    connection: Connection, audit: Audit, event: str, moved: Sequence[AnyRow], who: Who, now_ms: int
) -> None:
    give_back(connection, moved)
    cancel_messages(connection, [row.token_hash for row in moved], now_ms)
    audit.append(connection, [Entry(now_ms, row.program_id, event, row.token_id, *who) for row in moved])
