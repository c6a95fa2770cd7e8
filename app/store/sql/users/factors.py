"""What somebody proves themselves by: the password, recovery codes and passkeys."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Literal

import msgspec
from sqlalchemy import Connection, func, select

from app.seal import place
from app.store.sql.dialect import insert_rows
from app.store.sql.reach import in_one, reading
from app.store.sql.user_tables import user_codes, user_passkeys, users
from app.store.sql.users.people import write_codes
from app.store.sql.users.rows import MOVES, PERSON, Part
from app.store.sql.users.sessions import begin
from app.users.limits import PASSKEYS_PER_USER
from app.users.ports import NewSession, UserPasskey
from tokens.passkeys import Credential, MadeCredential
from tokens.who import Who

_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(tuple[bytes, bytes, tuple[str, ...], str]).decode


class UserFactors(Part):
    """Part of `SqlUsers`."""

    def set_password(
        self, user_id: str, version: int, password_hash: str, session: NewSession, who: Who, now_ms: int
    ) -> bool:
        def move(connection: Connection) -> bool:
            given = {"user_id": user_id, "version": version, "password_hash": password_hash}
            row = MOVES(connection, "set_password", **given).first()
            if row is None:
                return False
            begin(connection, user_id, row.version, session, now_ms)
            self._note(connection, "user.password_changed", user_id, who, now_ms)
            return True

        return in_one(self._engine, move)

    def set_codes(self, user_id: str, code_hashes: Sequence[bytes], who: Who, now_ms: int) -> None:
        def move(connection: Connection) -> None:
            _hold(connection, user_id)
            write_codes(connection, user_id, code_hashes)
            self._note(connection, "user.codes_renewed", user_id, who, now_ms)

        in_one(self._engine, move)

    def codes_left(self, user_id: str) -> int:
        query = select(func.count()).where(user_codes.c.user_id == user_id, user_codes.c.used_ms.is_(None))
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def passkeys(self, user_id: str) -> Sequence[UserPasskey]:
        query = (
            select(user_passkeys)
            .where(user_passkeys.c.user_id == user_id)
            .order_by(user_passkeys.c.made_ms, user_passkeys.c.passkey_id)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        found = []
        for row in rows:
            opened = self._seal.open(row.sealed, place("user", user_id, "passkey", row.passkey_id))
            credential_id, public_key, transports, label = _unpack(opened)
            credential = Credential(credential_id, transports)
            found.append(UserPasskey(row.passkey_id, credential, public_key, label, row.made_ms, row.used_ms))
        return found

    def add_passkey(
        self, user_id: str, passkey_id: str, made: MadeCredential, label: str, who: Who, now_ms: int
    ) -> Literal["added", "taken", "full"]:
        credential_hash = sha256(made.credential_id).digest()

        def move(connection: Connection) -> Literal["added", "taken", "full"]:
            _hold(connection, user_id)
            mine = select(func.count()).where(user_passkeys.c.user_id == user_id)
            if connection.execute(mine).scalar_one() >= PASSKEYS_PER_USER:
                return "full"
            known = select(user_passkeys.c.passkey_id).where(
                user_passkeys.c.credential_hash == credential_hash
            )
            if connection.execute(known).first() is not None:
                return "taken"
            packed = _pack((made.credential_id, made.public_key, made.transports, label))
            row = {
                "passkey_id": passkey_id,
                "user_id": user_id,
                "credential_hash": credential_hash,
                "sealed": self._seal.seal(packed, place("user", user_id, "passkey", passkey_id)),
                "sign_count": made.sign_count,
                "made_ms": now_ms,
                "used_ms": None,
            }
            insert_rows(connection, user_passkeys, [row])
            self._note(connection, "user.passkey_added", user_id, who, now_ms, passkey_id)
            return "added"

        return in_one(self._engine, move)

    def forget_passkey(self, user_id: str, passkey_id: str, who: Who, now_ms: int) -> bool:
        def move(connection: Connection) -> bool:
            forgotten = MOVES(connection, "forget_passkey", user_id=user_id, passkey_id=passkey_id).first()
            if forgotten is None:
                return False
            self._note(connection, "user.passkey_forgotten", user_id, who, now_ms, passkey_id)
            return True

        return in_one(self._engine, move)


def _hold(connection: Connection, user_id: str) -> None:
    """The user's row until the commit: SQLite has the whole file already."""
    connection.execute(PERSON.where(users.c.user_id == user_id).with_for_update()).first()
