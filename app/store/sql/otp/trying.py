"""Trying a code: counted everywhere before it is compared, taken back where it was right, felt where it was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from app.store.sql.otp.counting import MOVES, count_in_day, of_account, of_client, seconds, take_back
from app.store.sql.otp.subjects import hold_subject, move, why_not_live
from tokens.challenges import Counted, Wait
from tokens.limits import (
    CLIENT_WAIT_S,
    FAILS_PER_AUTHENTICATOR,
    TRIES_PER_ACCOUNT_DAY,
    TRIES_PER_CHALLENGE,
    TRIES_PER_CLIENT,
    TRIES_PER_SUBJECT,
    wait_before_try_s,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from tokens.challenges import Stop, Subject

CLIENT_WAIT_MS: Final = CLIENT_WAIT_S * 1_000


def count(
    connection: Connection,
    subject: Subject,
    challenge_id: str,
    session_hash: bytes,
    client: bytes,
    now_ms: int,
) -> Counted | Wait | Stop:
    """Count a try, or tell which limit refuses it; then the caller rolls back."""
    used = hold_subject(connection, subject, now_ms, tries=1)
    refused = (
        why_not_live(connection, subject, now_ms)
        or _client_waits(connection, subject, client, now_ms)
        or ("frozen" if used.tries > TRIES_PER_SUBJECT else None)
    )
    if refused is not None:
        return refused
    challenge = MOVES(
        connection,
        "standing",
        challenge_id=challenge_id,
        kind=subject.kind,
        hash=subject.hash,
        session_hash=session_hash,
        program_id=subject.program_id,
        account_id=subject.account_id,
    ).first()
    if challenge is None:
        return "code_gone"
    MOVES(connection, "add_try", challenge_id=challenge_id)
    wait_s = count_in_day(connection, "account", of_account(subject), TRIES_PER_ACCOUNT_DAY, now_ms)
    if wait_s is not None:
        return Wait(wait_s, "account")
    refused = _at_challenge(challenge, now_ms)
    if refused is not None:
        return refused
    return Counted(challenge_id, challenge.code_hash, TRIES_PER_SUBJECT - used.tries, now_ms)


def _client_waits(connection: Connection, subject: Subject, client: bytes, now_ms: int) -> Wait | None:
    row = MOVES(connection, "client", whom=of_client(subject, client)).first()
    if row is None or row.fails < TRIES_PER_CLIENT or row.until_ms <= now_ms:
        return None
    return Wait(seconds(row.until_ms - now_ms), "client")


def _at_challenge(challenge: Row[Any], now_ms: int) -> Wait | Stop | None:
    if challenge.authenticator_id is not None and not challenge.app_ready:
        return "authenticator_disabled"
    gone = challenge.void or challenge.verified_ms is not None or challenge.used_ms is not None
    if gone or challenge.expires_ms <= now_ms:
        return "code_gone"
    if challenge.tries >= TRIES_PER_CHALLENGE:
        return "tries_spent"
    if challenge.next_try_ms > now_ms:
        return Wait(seconds(challenge.next_try_ms - now_ms), "backoff")
    return None


def passed(connection: Connection, subject: Subject, counted: Counted, step: int | None, now_ms: int) -> bool:
    """Verify the challenge and the subject and take the try back; where False, the caller rolls back."""
    of = {"kind": subject.kind, "hash": subject.hash}
    if MOVES(connection, "untry", **of).first() is None:
        return False
    verified = MOVES(connection, "verify", **of, challenge_id=counted.challenge_id, now_ms=now_ms).first()
    if verified is None or (verified.authenticator_id is None) != (step is None):
        return False
    if move(connection, subject, "verified", now_ms) is not None:
        return False
    if step is not None:
        stepped = MOVES(
            connection,
            "step",
            authenticator_id=verified.authenticator_id,
            program_id=subject.program_id,
            account_id=subject.account_id,
            step=step,
        ).first()
        if stepped is None:
            return False
    take_back(connection, "account", of_account(subject), counted.at_ms)
    return True


class Failed(NamedTuple):
    """What a fail led to: what the next try would be told, and which of subject and app ended by it."""

    then: Wait | Stop | None
    froze: bool
    disabled: str | None


def failed(connection: Connection, subject: Subject, counted: Counted, client: bytes, now_ms: int) -> Failed:
    """Let a fail be felt by the challenge, the client, the app and, where it was the last try, the subject."""
    used = hold_subject(connection, subject, now_ms)
    challenge = MOVES(
        connection, "fail", challenge_id=counted.challenge_id, kind=subject.kind, hash=subject.hash
    ).first()
    spent = used.tries >= TRIES_PER_SUBJECT
    froze = spent and move(connection, subject, "frozen", now_ms) is None
    if challenge is None:  # swept long ago, or of another subject
        return Failed("frozen" if spent else "code_gone", froze, None)
    wait_s = wait_before_try_s(challenge.fails)
    MOVES(connection, "back_off", challenge_id=counted.challenge_id, next_try_ms=now_ms + wait_s * 1_000)
    app_ended, disabled = _fail_app(connection, challenge.authenticator_id, now_ms)
    client_fails = MOVES(
        connection,
        "fail_client",
        whom=of_client(subject, client),
        now_ms=now_ms,
        until_ms=now_ms + CLIENT_WAIT_MS,
    ).scalar_one()
    then: Wait | Stop | None = Wait(wait_s, "backoff") if wait_s else None
    if spent:
        then = "frozen"
    elif client_fails >= TRIES_PER_CLIENT:
        then = Wait(CLIENT_WAIT_S, "client")
    elif app_ended:
        then = "authenticator_disabled"
    elif challenge.tries >= TRIES_PER_CHALLENGE:
        then = "tries_spent"
    return Failed(then, froze, disabled)


def _fail_app(connection: Connection, authenticator_id: str | None, now_ms: int) -> tuple[bool, str | None]:
    """Whether the app counts no more, and its id where that is by this very fail."""
    if authenticator_id is None:
        return False, None
    row = MOVES(
        connection,
        "fail_app",
        authenticator_id=authenticator_id,
        most=FAILS_PER_AUTHENTICATOR,
        now_ms=now_ms,
    ).first()
    if row is None or row.disabled_ms is None:
        return row is None, None
    return True, authenticator_id if row.fails == FAILS_PER_AUTHENTICATOR else None
