"""Redeeming: the commit point, and what is left of a redemption afterwards."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import asdict
from sqlalchemy import Connection, Engine, select

from app.store.sql.audit import Audit, Entry
from app.store.sql.reach import in_one, reading
from app.store.sql.tables import decisions
from app.store.sql.token_tables import tokens
from app.store.sql.tokens.calls import claim
from app.store.sql.tokens.ending import cancel_messages
from app.store.sql.tokens.rows import IS_LOCKED, MOVES, read_reward
from tokens.ledger import Call
from tokens.limits import VERIFIED_FOR_S
from tokens.outbox import Message
from tokens.redemption import Proof, Redeemed, Redemption, Refusal
from tokens.states import LIVE
from tokens.who import Who

_USE_PROOF: Final = MOVES["use_proof"]
_HOLD_ACCOUNT: Final = MOVES["hold_account"]
_REDEEM: Final = MOVES["redeem"]
_RECORD: Final = MOVES["record_redemption"]
_READ: Final = MOVES["read_redemption"]
_PUT: Final = MOVES["put_message"]
_ACKNOWLEDGE: Final = MOVES["acknowledge"]


class _RolledBack(Exception):
    """The redemption must leave nothing; `why` where that is known already."""

    def __init__(self, why: Refusal | None = None) -> None:
        self.why = why


def redeem(
    engine: Engine,
    audit: Audit,
    redemption: Redemption,
    proof: Proof | None,
    call: Call | None,
    who: Who,
    notice: Message | None = None,
) -> Redeemed | Refusal:
    """Redeem, or say why not, or how it was redeemed before. Raises RecordAway: nothing was done."""
    try:
        return in_one(
            engine, lambda connection: _redeem(connection, audit, redemption, proof, call, who, notice)
        )
    except _RolledBack as refused:
        if refused.why is not None:
            return refused.why
    with reading(engine) as connection:
        return read_redemption(connection, redemption.token_hash) or _why(connection, redemption)


def read_redemption(connection: Connection, token_hash: bytes) -> Redeemed | None:
    """A token's redemption."""
    row = _READ.run(connection, {"token_hash": token_hash}).one_or_none()
    return None if row is None else Redeemed(**row._asdict() | {"reward": read_reward(row.reward)})


def acknowledge(connection: Connection, token_hash: bytes, call_hash: bytes) -> bool:
    """Destroy the answer kept for this caller; whether there was one."""
    values = {"token_hash": token_hash, "call_hash": call_hash, "nothing": b""}
    return _ACKNOWLEDGE.run(connection, values).first() is not None


def _redeem(
    connection: Connection,
    audit: Audit,
    redemption: Redemption,
    proof: Proof | None,
    call: Call | None,
    who: Who,
    notice: Message | None,
) -> Redeemed:
    """The order of locks is that of sending and checking codes: challenge, account, token, messages; the audit's last."""
    values: dict[str, Any] = {**asdict(redemption), "proven": int(proof is not None), "actor": who.actor}
    if proof is not None:
        since = redemption.at_ms - VERIFIED_FOR_S * 1_000
        held = _USE_PROOF.run(connection, {**values, **proof._asdict(), "verified_since_ms": since}).first()
        if held is None:
            raise _RolledBack
    is_locked = _HOLD_ACCOUNT.run(connection, values).scalar_one()
    moved = None if is_locked else _REDEEM.run(connection, values).one_or_none()
    if moved is None:
        raise _RolledBack
    values |= moved._asdict()
    made = _RECORD.run(connection, values).first() is not None
    if made and call is not None:
        # The answer is kept once, with the redemption, so that it is destroyed once.
        claimed = claim(connection, redemption.program_id, call._replace(sealed_answer=b""), redemption.at_ms)
        if claimed is not None:
            raise _RolledBack("call_taken")
    cancel_messages(connection, [redemption.token_hash], redemption.at_ms)
    if made and notice is not None:
        _PUT.run(connection, asdict(notice))
    earlier = None if made else read_redemption(connection, redemption.token_hash)
    answer = earlier or Redeemed(
        redemption.redemption_id,
        moved.token_id,
        redemption.at_ms,
        redemption.call_hash,
        redemption.sealed_answer,
        read_reward(moved.reward),
    )
    event = "token.redeemed" if made else "token.duplicate_blocked"
    audit.append(
        connection,
        [
            Entry(
                redemption.at_ms,
                redemption.program_id,
                event,
                moved.token_id,
                who.actor,
                who.ip_hash,
                answer.redemption_id,
            )
        ],
    )
    return answer


def _why(connection: Connection, redemption: Redemption) -> Refusal:
    """Why a token that was never redeemed cannot be."""
    row = connection.execute(
        select(
            tokens.c.state,
            tokens.c.not_before_ms,
            tokens.c.expires_ms,
            tokens.c.held_ms,
            tokens.c.purpose,
            decisions.c.outcome,
            IS_LOCKED,
        )
        .outerjoin(
            decisions,
            (decisions.c.program_id == tokens.c.program_id) & (decisions.c.decision_id == tokens.c.settles),
        )
        .where(
            tokens.c.token_hash == redemption.token_hash,
            tokens.c.program_id == redemption.program_id,
            tokens.c.account_id == redemption.account_id,
        )
    ).one_or_none()
    if row is None or row.state not in LIVE:
        return "expired" if row is not None and row.state == "expired" else "not_live"
    if redemption.at_ms >= row.expires_ms:
        return "expired"
    if redemption.at_ms < row.not_before_ms:
        return "early"
    if row.locked:
        return "account_locked"
    if row.held_ms is not None:
        return "held"
    return "not_live" if row.outcome is not None and row.purpose == "redemption" else "unproven"
