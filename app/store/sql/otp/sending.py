"""Sending a code: every limit asked in order, and then all of it or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.store.sql.otp.counting import MOVES, count_in_day, seconds
from app.store.sql.otp.subjects import hold_subject, move
from tokens.challenges import Wait
from tokens.limits import (
    SENDS_PER_HOUR,
    SENDS_PER_RECIPIENT_DAY,
    SENDS_PER_SUBJECT,
    TRIES_PER_SUBJECT,
    wait_before_resend_s,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tokens.challenges import NewChallenge, Stop, Subject
    from tokens.outbox import Message

HOUR_MS: Final = 3_600_000


def send(
    connection: Connection,
    subject: Subject,
    new: NewChallenge,
    message: Message,
    programme_most_a_day: int,
    now_ms: int,
) -> Wait | Stop | None:
    """Write all that sending a code means; a refusal is told, and the caller rolls back."""
    refused = _at_subject(connection, subject, now_ms)
    if refused is not None:
        return refused
    wait_s = count_in_day(connection, "recipient", new.to_hash, SENDS_PER_RECIPIENT_DAY, now_ms)
    if wait_s is not None:
        return Wait(wait_s, "recipient")
    programme = subject.program_id.encode()
    wait_s = count_in_day(connection, "programme", programme, programme_most_a_day, now_ms)
    if wait_s is not None:
        return Wait(wait_s, "programme")
    _write(connection, subject, new, message, now_ms)
    return None


def _at_subject(connection: Connection, subject: Subject, now_ms: int) -> Wait | Stop | None:
    used = hold_subject(connection, subject, now_ms)
    MOVES(connection, "void", kind=subject.kind, hash=subject.hash)
    stopped = move(connection, subject, "challenged", now_ms)
    if stopped is not None:
        return stopped
    if used.tries >= TRIES_PER_SUBJECT:
        return "frozen"
    if used.sends >= SENDS_PER_SUBJECT:
        return "sends_spent"
    if used.last_sent_ms is not None:
        ready_ms = used.last_sent_ms + wait_before_resend_s(used.sends) * 1_000
        if ready_ms > now_ms:
            return Wait(seconds(ready_ms - now_ms), "resend")
    recent = MOVES(
        connection, "recent", kind=subject.kind, hash=subject.hash, since_ms=now_ms - HOUR_MS
    ).scalars()
    sent = list(recent)
    if len(sent) >= SENDS_PER_HOUR:
        return Wait(seconds(sent[SENDS_PER_HOUR - 1] + HOUR_MS - now_ms), "hour")
    return None


def _write(
    connection: Connection, subject: Subject, new: NewChallenge, message: Message, now_ms: int
) -> None:
    of = {"kind": subject.kind, "hash": subject.hash}
    MOVES(
        connection,
        "add_challenge",
        **of,
        challenge_id=new.challenge_id,
        session_hash=new.session_hash,
        method=new.method,
        authenticator_id=None,
        code_hash=new.code_hash,
        digits=new.digits,
        reference=new.reference,
        sent_ms=new.sent_ms,
        expires_ms=new.expires_ms,
    )
    MOVES(connection, "add_send", **of, now_ms=now_ms)
    MOVES(
        connection,
        "add_message",
        message_id=message.message_id,
        kind=message.kind,
        program_id=message.program_id,
        token_hash=message.token_hash,
        challenge_id=new.challenge_id,
        sealed=message.sealed,
        created_ms=message.created_ms,
        expires_ms=message.expires_ms,
    )
