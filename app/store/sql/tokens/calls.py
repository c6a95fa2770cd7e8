"""Idempotent calls: a key is claimed by one body, in the transaction of what the call does, for a day."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from app.store.sql.tokens.rows import MOVES
from tokens.ledger import Call, Repeated
from tokens.limits import CALL_KEPT_S

_CLAIM: Final = MOVES["claim_call"]
_READ: Final = MOVES["read_call"]
_GIVE_UP: Final = MOVES["give_up_call"]


def claim(connection: Connection, program_id: str, call: Call, now_ms: int) -> Repeated | None:
    """Claim the key of a call, waiting for whoever else is about to; None: it is ours."""
    values = {
        **call._asdict(),
        "program_id": program_id,
        "now_ms": now_ms,
        "until_ms": now_ms + CALL_KEPT_S * 1_000,
    }
    while _CLAIM.run(connection, values).first() is None:
        held = _READ.run(connection, values).first()
        if held is not None:  # otherwise it was swept away between the two
            return Repeated(held.body_hash == call.body_hash, held.sealed_answer)
    return None


def give_up(connection: Connection, program_id: str, call: Call) -> None:
    """Give up a key claimed in this transaction: what it was for is refused."""
    _GIVE_UP.run(connection, {"program_id": program_id, "key_hash": call.key_hash})
