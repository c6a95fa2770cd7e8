"""The row of a subject, which is the lock of everything about it, and the token behind it where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from app.stepping_up.offering import subject_name
from app.store.sql.audit import Entry
from app.store.sql.otp.counting import MOVES
from tokens.claims import token_id
from tokens.limits import LONGEST_LIFE_S
from tokens.states import LIVE

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tokens.challenges import Stop, Subject
    from tokens.states import State
    from tokens.who import Who

KEPT_MS: Final = LONGEST_LIFE_S * 1_000
"""How long a subject's counts outlive its last use: the longest life of a token, so that none ever loses them."""
_LIVE: Final = sorted(LIVE)


class Used(NamedTuple):
    """What was tried and sent at a subject so far."""

    tries: int
    sends: int
    last_sent_ms: int | None


def hold_subject(connection: Connection, subject: Subject, now_ms: int, *, tries: int = 0) -> Used:
    """Take the subject's lock until the transaction ends, adding so many tries; what is used with them."""
    row = MOVES(
        connection,
        "subject",
        kind=subject.kind,
        hash=subject.hash,
        tries=tries,
        ends_ms=now_ms + KEPT_MS,
    ).one()
    return Used(row.tries, row.sends, row.last_sent_ms)


def why_not_live(connection: Connection, subject: Subject, now_ms: int) -> Stop | None:
    """Why nothing can be proven for the subject; None where it can. A decision has no state here: its owner minds it."""
    if subject.kind != "token":
        return None
    row = MOVES(connection, "token", hash=subject.hash).first()
    if row is None:
        return "not_live"
    if row.state == "frozen":
        return "frozen"
    return None if row.state in LIVE and row.expires_ms > now_ms else "not_live"


def move(connection: Connection, subject: Subject, state: State, now_ms: int) -> Stop | None:
    """Give a live token that state, or tell why it is not live. A decision is always ready."""
    if subject.kind != "token":
        return None
    moved = MOVES(connection, "move_token", hash=subject.hash, state=state, live=_LIVE, now_ms=now_ms).first()
    return None if moved else why_not_live(connection, subject, now_ms) or "not_live"


def entry(subject: Subject, event: str, who: Who, now_ms: int, detail: str = "") -> Entry:
    """An audit entry about the subject: a token by its id, a decision by its challenge's, a lock by its account's."""
    names = {"token": token_id, "decision": subject_name}
    name = names[subject.kind](subject.hash) if subject.kind in names else subject.account_id
    return Entry(now_ms, subject.program_id, event, name, who.actor, who.ip_hash, detail)
