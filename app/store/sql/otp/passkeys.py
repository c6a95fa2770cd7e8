"""Passkeys in SQL: enrolled by a link that works once, asked for at a challenge, their counts only ever rising."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import select

from app.seal import place
from app.store.sql.audit import Entry
from app.store.sql.dialect import insert_rows
from app.store.sql.otp import trying
from app.store.sql.otp.counting import MOVES, hold
from app.store.sql.otp.standing import challenge_in, serves
from app.store.sql.otp.subjects import entry, hold_subject
from app.store.sql.passkey_tables import passkeys
from app.store.sql.reach import in_one, reading
from app.store.sql.tables import account_keys
from tokens.challenges import Challenge
from tokens.codes import new_challenge_id
from tokens.limits import AUTHENTICATOR_REST_S, CODE_LIFE_S, PASSKEYS_PER_ACCOUNT
from tokens.passkey_ledger import Passkey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Engine, Row

    from app.store.sql.account_keys import AccountKeys
    from app.store.sql.audit import Audit
    from tokens.challenges import Counted, Subject
    from tokens.passkey_ledger import NewLink, NewPasskey, NotEnrolled, Passed
    from tokens.who import Who

REST_MS: Final = AUTHENTICATOR_REST_S * 1_000
_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(tuple[bytes, bytes, tuple[str, ...], str]).decode
_OPENED: Final = (
    select(passkeys, account_keys.c.wrapped_key)
    .join_from(
        passkeys,
        account_keys,
        (account_keys.c.program_id == passkeys.c.program_id)
        & (account_keys.c.account_id == passkeys.c.account_id)
        & (account_keys.c.key_id == passkeys.c.key_id),
    )
    .where(passkeys.c.retired_ms.is_(None))
    .order_by(passkeys.c.made_ms, passkeys.c.passkey_id)
)
"""Those that count, with the key they are sealed under: an erased account has none."""


class SqlPasskeys:
    """
    `tokens.passkey_ledger.Passkeys`. Every method raises RecordAway.

    Args:
        engine: Of the record, migrated.
        account_keys: Seal what was enrolled.
        audit: Every move is entered in its own transaction.
    """

    def __init__(self, engine: Engine, account_keys: AccountKeys, audit: Audit) -> None:
        self._engine, self._keys, self._audit = engine, account_keys, audit

    def make_link(self, link: NewLink, who: Who) -> None:
        def move(connection: Connection) -> None:
            MOVES(connection, "add_passkey_link", **link._asdict())
            name = link.link_hash.hex()[:16]
            self._audit.append(
                connection, [Entry(link.made_ms, link.program_id, "passkey.link_made", name, *who)]
            )

        in_one(self._engine, move)

    def is_open(self, link_hash: bytes, now_ms: int) -> bool:
        with reading(self._engine) as connection:
            row = MOVES(connection, "open_passkey_link", link_hash=link_hash, now_ms=now_ms).first()
        return row is not None

    def enrol(self, link_hash: bytes, new: NewPasskey, who: Who, now_ms: int) -> Passkey | NotEnrolled:
        def move(connection: Connection) -> Passkey | NotEnrolled:
            enrolled = self._enrol(connection, link_hash, new, now_ms)
            if not isinstance(enrolled, Passkey):
                connection.rollback()
                return enrolled
            detail = "rests" if enrolled.rests_until_ms > now_ms else ""
            event = Entry(now_ms, new.program_id, "passkey.enrolled", new.passkey_id, *who, detail)
            self._audit.append(connection, [event])
            return enrolled

        return in_one(self._engine, move)

    def _enrol(
        self, connection: Connection, link_hash: bytes, new: NewPasskey, now_ms: int
    ) -> Passkey | NotEnrolled:
        account = (new.program_id, new.account_id)
        of = {"program_id": new.program_id, "account_id": new.account_id}
        hold(
            connection, "authenticators", place(*account), now_ms
        )  # the one that replaces an app takes it too
        if MOVES(connection, "use_passkey_link", **of, link_hash=link_hash, now_ms=now_ms).first() is None:
            return "link_gone"
        credential_hash = sha256(new.made.credential_id).digest()
        taken = select(passkeys.c.passkey_id).where(
            passkeys.c.program_id == new.program_id, passkeys.c.credential_hash == credential_hash
        )
        if connection.execute(taken).first() is not None:
            return "taken"
        before = MOVES(connection, "former_passkeys", **of, rested_ms=now_ms - REST_MS).one()
        if before.live >= PASSKEYS_PER_ACCOUNT:
            return "full"
        rests = bool(before.former) or new.contact_changed
        key = self._keys.of(connection, [account])[account]
        made = new.made
        packed = _pack((made.credential_id, made.public_key, made.transports, made.aaguid))
        row = {
            "passkey_id": new.passkey_id,
            **of,
            "credential_hash": credential_hash,
            "sealed": key.seal.seal(packed, _place(*account, new.passkey_id)),
            "key_id": key.key_id,
            "made_ms": now_ms,
            "rests_until_ms": now_ms + REST_MS if rests else now_ms,
            "sign_count": made.sign_count,
            "used_ms": None,
            "retired_ms": None,
        }
        insert_rows(connection, passkeys, [row])
        return _passkey(packed, **row)

    def passkeys(self, program_id: str, account_id: str) -> Sequence[Passkey]:
        mine = _OPENED.where(passkeys.c.program_id == program_id, passkeys.c.account_id == account_id)
        with reading(self._engine) as connection:
            rows = connection.execute(mine).all()
        return [self._opened(row) for row in rows]

    def _opened(self, row: Row[Any]) -> Passkey:
        account = (row.program_id, row.account_id)
        seal = self._keys.unwrap(account, row.wrapped_key)
        return _passkey(seal.open(row.sealed, _place(*account, row.passkey_id)), **row._asdict())

    def forget(self, program_id: str, account_id: str, passkey_id: str, who: Who, now_ms: int) -> bool:
        def move(connection: Connection) -> bool:
            forgotten = MOVES(
                connection,
                "forget_passkey",
                program_id=program_id,
                account_id=account_id,
                passkey_id=passkey_id,
                now_ms=now_ms,
                nothing=b"",
            ).first()
            if forgotten is None:
                return False
            self._audit.append(connection, [Entry(now_ms, program_id, "passkey.forgotten", passkey_id, *who)])
            return True

        return in_one(self._engine, move)

    def begin(
        self, subject: Subject, session_hash: bytes, hash_of: Callable[[str], bytes], now_ms: int
    ) -> Challenge:
        """Other sessions keep theirs."""
        of = {"kind": subject.kind, "hash": subject.hash, "session_hash": session_hash}

        def standing(connection: Connection) -> Challenge | None:
            row = MOVES(connection, "last_passkey", **of).first()
            return challenge_in(row) if row is not None and serves(row, now_ms) else None

        def move(connection: Connection) -> Challenge:
            hold_subject(connection, subject, now_ms)
            held = standing(connection)
            if held is not None:
                return held
            challenge_id = new_challenge_id()
            begun = Challenge(
                challenge_id=challenge_id,
                method="passkey",
                code_hash=hash_of(challenge_id),
                digits=0,
                reference="",
                sent_ms=now_ms,
                expires_ms=now_ms + CODE_LIFE_S * 1_000,
                tries=0,
                verified_ms=None,
            )
            MOVES(connection, "add_challenge", **of, authenticator_id=None, **begun._asdict())
            return begun

        with reading(self._engine) as connection:  # a page that is only looked at again takes no lock
            held = standing(connection)
        return held or in_one(self._engine, move)

    def challenge(self, subject: Subject, session_hash: bytes) -> Challenge | None:
        of = {"kind": subject.kind, "hash": subject.hash, "session_hash": session_hash}
        with reading(self._engine) as connection:
            row = MOVES(connection, "last_passkey", **of).first()
        return None if row is None else challenge_in(row)

    def passed(
        self, subject: Subject, counted: Counted, passkey_id: str, sign_count: int, who: Who, now_ms: int
    ) -> Passed:
        which = {"passkey_id": passkey_id, "program_id": subject.program_id, "account_id": subject.account_id}

        def move(connection: Connection) -> Passed:
            if not trying.passed(connection, subject, counted, None, now_ms):
                connection.rollback()
                return "beaten"
            rose = MOVES(connection, "assert_passkey", **which, sign_count=sign_count, now_ms=now_ms).first()
            if rose is None:
                live = MOVES(connection, "live_passkey", **which, now_ms=now_ms).first()
                connection.rollback()
                return "beaten" if live is None else "went_back"
            self._audit.append(connection, [entry(subject, "otp.verified", who, now_ms, "passkey")])
            return "passed"

        return in_one(self._engine, move)

    def suspect(self, subject: Subject, passkey_id: str, who: Who, now_ms: int) -> None:
        def move(connection: Connection) -> None:
            event = Entry(now_ms, subject.program_id, "passkey.count_went_back", passkey_id, *who)
            self._audit.append(connection, [event])

        in_one(self._engine, move)


def _passkey(packed: bytes, **row: Any) -> Passkey:
    credential_id, public_key, transports, aaguid = _unpack(packed)
    named = Passkey.__struct_fields__
    return Passkey(
        credential_id=credential_id,
        public_key=public_key,
        transports=transports,
        aaguid=aaguid,
        **{name: value for name, value in row.items() if name in named},
    )


def _place(program_id: str, account_id: str, passkey_id: str) -> bytes:
    return place("passkey", program_id, account_id, passkey_id)
