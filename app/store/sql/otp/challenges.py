"""Codes and apps as the promise asks for them: each move one transaction, rolled back where a limit refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.store.sql.audit import Entry
from app.store.sql.otp import authenticators as apps
from app.store.sql.otp import sending, trying
from app.store.sql.otp.counting import MOVES
from app.store.sql.otp.standing import challenge_in, serves
from app.store.sql.otp.subjects import entry, hold_subject
from app.store.sql.reach import in_one, reading
from tokens.challenges import Challenge, Counted
from tokens.codes import new_challenge_id
from tokens.limits import CODE_DIGITS, CODE_LIFE_S

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Row

    from app.store.sql.account_keys import AccountKeys
    from app.store.sql.audit import Audit
    from tokens.challenges import Authenticator, NewChallenge, Stop, Subject, Wait
    from tokens.outbox import Message
    from tokens.who import Who


class SqlChallenges:
    """
    Codes sent and tried, counted exactly, over all sessions and addresses. Every method raises RecordAway.

    Args:
        engine: Of the record, migrated.
        account_keys: Seal the seeds of apps.
        audit: Every move is entered in its own transaction.
    """

    def __init__(self, engine: Engine, account_keys: AccountKeys, audit: Audit) -> None:
        self._engine, self._keys, self._audit = engine, account_keys, audit

    def send(
        self,
        subject: Subject,
        new: NewChallenge,
        message: Message,
        programme_most_a_day: int,
        who: Who,
        now_ms: int,
    ) -> NewChallenge | Wait | Stop:
        def move(connection: Connection) -> NewChallenge | Wait | Stop:
            refused = sending.send(connection, subject, new, message, programme_most_a_day, now_ms)
            if refused is not None:
                connection.rollback()
                return refused
            self._audit.append(connection, [entry(subject, "otp.sent", who, now_ms, new.method)])
            return new

        return in_one(self._engine, move)

    def challenge(self, subject: Subject, session_hash: bytes) -> Challenge | None:
        with reading(self._engine) as connection:
            row = _last(connection, subject, session_hash)
        return None if row is None else challenge_in(row)

    def sends(self, subject: Subject) -> int:
        with reading(self._engine) as connection:
            row = MOVES(connection, "sends", kind=subject.kind, hash=subject.hash).first()
        return 0 if row is None else int(row.sends)

    def begin(self, subject: Subject, session_hash: bytes, authenticator_id: str, now_ms: int) -> Challenge:
        """The one that can still be tried or was passed just now, else a new one. Other sessions keep theirs."""

        def standing(connection: Connection) -> Challenge | None:
            row = _last(connection, subject, session_hash)
            if row is None or row.authenticator_id != authenticator_id or not serves(row, now_ms):
                return None
            return challenge_in(row)

        def move(connection: Connection) -> Challenge:
            hold_subject(connection, subject, now_ms)
            held = standing(connection)
            if held is not None:
                return held
            begun = Challenge(
                challenge_id=new_challenge_id(),
                method="totp",
                code_hash=b"",
                digits=CODE_DIGITS,
                reference="",
                sent_ms=now_ms,
                expires_ms=now_ms + CODE_LIFE_S * 1_000,
                tries=0,
                verified_ms=None,
            )
            MOVES(
                connection,
                "add_challenge",
                kind=subject.kind,
                hash=subject.hash,
                session_hash=session_hash,
                authenticator_id=authenticator_id,
                **begun._asdict(),
            )
            return begun

        with reading(self._engine) as connection:  # a page that is only looked at again takes no lock
            held = standing(connection)
        return held or in_one(self._engine, move)

    def count(
        self, subject: Subject, challenge_id: str, session_hash: bytes, client: bytes, now_ms: int
    ) -> Counted | Wait | Stop:
        def move(connection: Connection) -> Counted | Wait | Stop:
            counted = trying.count(connection, subject, challenge_id, session_hash, client, now_ms)
            if not isinstance(counted, Counted):
                connection.rollback()
            return counted

        return in_one(self._engine, move)

    def passed(
        self, subject: Subject, counted: Counted, client: bytes, step: int | None, who: Who, now_ms: int
    ) -> bool:
        """A try is not counted at its client, so nothing is taken back there."""
        del client

        def move(connection: Connection) -> bool:
            if not trying.passed(connection, subject, counted, step, now_ms):
                connection.rollback()
                return False
            self._audit.append(connection, [entry(subject, "otp.verified", who, now_ms)])
            return True

        return in_one(self._engine, move)

    def failed(
        self, subject: Subject, counted: Counted, client: bytes, who: Who, now_ms: int
    ) -> Wait | Stop | None:
        def move(connection: Connection) -> Wait | Stop | None:
            led_to = trying.failed(connection, subject, counted, client, now_ms)
            entries = [entry(subject, "otp.failed", who, now_ms, f"{counted.tries_left} left")]
            if led_to.froze and subject.kind == "token":
                entries.append(entry(subject, "token.frozen", who, now_ms, "tries spent"))
            if subject.kind == "decision":
                entries.append(entry(subject, "challenge.failed", who, now_ms))
            if led_to.disabled is not None:
                entries.append(
                    Entry(now_ms, subject.program_id, "authenticator.disabled", led_to.disabled, *who)
                )
            self._audit.append(connection, entries)
            return led_to.then

        return in_one(self._engine, move)

    def enrol(self, authenticator: Authenticator, who: Who) -> None:
        of, app_id = authenticator.program_id, authenticator.authenticator_id

        def move(connection: Connection) -> None:
            apps.enrol(connection, self._keys, authenticator)
            self._audit.append(
                connection, [Entry(authenticator.made_ms, of, "authenticator.enrolled", app_id, *who)]
            )

        in_one(self._engine, move)

    def confirm(self, authenticator_id: str, step: int, who: Who, now_ms: int) -> bool:
        def move(connection: Connection) -> bool:
            account = apps.confirm(connection, authenticator_id, step, now_ms)
            if account is None:
                connection.rollback()
                return False
            self._audit.append(
                connection, [Entry(now_ms, account[0], "authenticator.confirmed", authenticator_id, *who)]
            )
            return True

        return in_one(self._engine, move)

    def authenticator(self, program_id: str, account_id: str) -> Authenticator | None:
        confirmed = apps.MINE.confirmed_ms.is_not(None)
        with reading(self._engine) as connection:
            return apps.held(connection, self._keys, program_id, account_id, confirmed)

    def authenticator_of(
        self, program_id: str, account_id: str, authenticator_id: str
    ) -> Authenticator | None:
        """Confirmed or not; None once it is retired."""
        this = apps.MINE.authenticator_id == authenticator_id
        with reading(self._engine) as connection:
            return apps.held(connection, self._keys, program_id, account_id, this)

    def forget_authenticator(
        self, program_id: str, account_id: str, authenticator_id: str, who: Who, now_ms: int
    ) -> bool:
        def move(connection: Connection) -> bool:
            if not apps.forget(connection, program_id, account_id, authenticator_id, now_ms):
                return False
            self._audit.append(
                connection, [Entry(now_ms, program_id, "authenticator.forgotten", authenticator_id, *who)]
            )
            return True

        return in_one(self._engine, move)


def _last(connection: Connection, subject: Subject, session_hash: bytes) -> Row[Any] | None:
    return MOVES(
        connection, "last_challenge", kind=subject.kind, hash=subject.hash, session_hash=session_hash
    ).first()
