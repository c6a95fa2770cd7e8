"""Holds: a reward that waits for a person, and goes on when one says so. The token's state stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from app.cases.flags import REASONS_KEPT, typology_of
from app.cases.ports import SYSTEM
from app.ports.journal import HoldEnded
from app.store.sql.audit import Audit, Entry
from app.store.sql.cases.opener import CaseOpener, Opening
from app.store.sql.tokens.ending import WORKER
from app.store.sql.tokens.rows import MOVES, read_reward
from tokens.ledger import Doubt
from tokens.who import Who

_HOLD: Final = MOVES["hold_token"]
_RELEASE: Final = MOVES["release_hold"]
_RELEASE_ENDED: Final = MOVES["release_ended_hold"]


def hold(
    connection: Connection,
    audit: Audit,
    opener: CaseOpener | None,
    token_hash: bytes,
    decision_id: str,
    who: Who,
    now_ms: int,
    doubt: Doubt,
) -> bool:
    """Hold a live token that nobody has released, and open a case; whether it is held now."""
    values = {"token_hash": token_hash, "decision_id": decision_id, "now_ms": now_ms}
    moved = _HOLD.run(connection, values).one_or_none()
    if moved is None:
        return False
    if opener is not None:
        opening = Opening(
            moved.program_id,
            moved.account_id,
            "token",
            typology_of(doubt.reasons),
            read_reward(moved.reward).points or 0,
            doubt.risk_score,
            doubt.reasons[:REASONS_KEPT],
            moved.expires_ms,
        )
        opener.open_for(connection, opening, SYSTEM, now_ms)
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


def release_ended(connection: Connection, ended: Sequence[HoldEnded]) -> Sequence[Entry]:
    """
    Let go what the check of a link held, where the policy ended the hold of its decision by a release; what the audit
    is to say of it.
    """
    entries = []
    for end in sorted(ended, key=lambda one: one.decision_id):
        if end.how == "released":
            values = {
                "program_id": end.program_id, "decision_id": end.decision_id, "now_ms": end.ended_ms,
            }  # fmt: skip
            for row in _RELEASE_ENDED.run(connection, values):
                said = ("token.hold_released", row.token_id, *WORKER, end.decision_id)
                entries.append(Entry(end.ended_ms, end.program_id, *said))
    return entries
