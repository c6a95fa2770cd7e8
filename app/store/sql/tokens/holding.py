"""Holds: a reward that waits for a person, and goes on when one says so. The token's state stays as it is."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from app.store.sql.audit import Audit, Entry
from app.store.sql.tokens.rows import MOVES
from tokens.ledger import Who

_HOLD: Final = MOVES["hold_token"]
_RELEASE: Final = MOVES["release_hold"]


def hold(
    connection: Connection, audit: Audit, token_hash: bytes, decision_id: str, who: Who, now_ms: int
) -> bool:
    """Hold a live token that nobody has released; whether it is held now."""
    values = {"token_hash": token_hash, "decision_id": decision_id, "now_ms": now_ms}
    moved = _HOLD.run(connection, values).one_or_none()
    if moved is None:
        return False
    audit.append(
        connection, [Entry(now_ms, moved.program_id, "token.held", moved.token_id, *who, decision_id)]
    )
    return True


def release(
    connection: Connection, audit: Audit, program_id: str, token_id: str, who: Who, now_ms: int
) -> bool:
    """Let a held token go on; whether it was held."""
    values = {"program_id": program_id, "token_id": token_id, "now_ms": now_ms}
    moved = _RELEASE.run(connection, values).one_or_none()
    if moved is None:
        return False
    audit.append(
        connection, [Entry(now_ms, program_id, "token.hold_released", token_id, *who, moved.held_for or "")]
    )
    return True
