"""Tokens as rows and back: what is in the open, what is sealed under the account's key, and what was destroyed."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import func, select

from app.seal import place
from app.store.sql.account_keys import AccountKey, AccountKeys
from app.store.sql.lock_tables import account_locks
from app.store.sql.moves import AnyRow, Moves
from app.store.sql.tables import account_keys
from app.store.sql.token_tables import otp_subjects, tokens
from tokens.token import NewToken, Reward, Shut, Token

MOVES: Final = Moves("app.store.sql.tokens", "moves")
_pack: Final = msgspec.msgpack.Encoder().encode
_open_personal: Final = msgspec.msgpack.Decoder(tuple[str | None, str | None, bytes]).decode
read_reward: Final = msgspec.msgpack.Decoder(Reward).decode
"""The reward of a row."""

IS_LOCKED: Final = (
    select(func.coalesce(func.max(account_locks.c.locked), 0))
    .where(
        account_locks.c.program_id == tokens.c.program_id, account_locks.c.account_id == tokens.c.account_id
    )
    .scalar_subquery()
    .label("locked")
)
"""Whether redeeming is locked at the token's account."""
SELECT_TOKENS: Final = (
    select(
        *[column for column in tokens.c if column.name != "bulk_id"],
        account_keys.c.wrapped_key.label("account_key"),
        func.coalesce(otp_subjects.c.tries, 0).label("tries"),
        func.coalesce(otp_subjects.c.sends, 0).label("sends"),
        IS_LOCKED,
    )
    .select_from(tokens)
    .outerjoin(
        account_keys,
        (account_keys.c.program_id == tokens.c.program_id)
        & (account_keys.c.account_id == tokens.c.account_id)
        & (account_keys.c.key_id == tokens.c.key_id),
    )
    .outerjoin(otp_subjects, (otp_subjects.c.kind == "token") & (otp_subjects.c.hash == tokens.c.token_hash))
)
"""Each token with the key its personal part is sealed under, where that key still is, and its tries and sends."""

_AS_THEY_ARE: Final = tuple(
    name
    for name in Token.__struct_fields__
    if name not in {"reward", "shut", "otp_to", "recipient", "locked"}
)
_NEW: Final = tuple(name for name in NewToken.__struct_fields__ if name in tokens.c and name != "reward")


def new_row(token: NewToken, key: AccountKey, *, mailed: bool) -> dict[str, Any]:
    """The values of `issue_token.sql`."""
    personal = _pack((token.otp_to, token.recipient, token.metadata))
    row = {name: getattr(token, name) for name in _NEW}
    row["reward"] = _pack(token.reward)
    row["points"] = token.reward.points
    row["face_value_minor"] = token.reward.face_value_minor
    row["currency"] = token.reward.currency
    row["wrapped_key"], row["ciphertext"] = token.shut
    row["personal"] = key.seal.seal(personal, _place(token.program_id, token.account_id, token.token_id))
    row["key_id"] = key.key_id
    row["delivery"] = "waiting" if mailed else "none"
    row["settles"] = settles(token)
    return row


def settles(token: NewToken) -> str | None:
    """The decision whose outcome the end of this token is."""
    return token.decision_id if token.purpose == "redemption" else None


def read_token(keys: AccountKeys, row: AnyRow) -> Token:
    """
    The token of a row of `SELECT_TOKENS`; without `otp_to` and `recipient` once the account's key is erased.

    Raises:
        SealBroken: The account's key is there and does not fit: the row or the key was tampered with.
    """
    otp_to = recipient = None
    if row.account_key is not None:
        seal = keys.unwrap((row.program_id, row.account_id), row.account_key)
        otp_to, recipient, _ = _open_personal(
            seal.open(row.personal, _place(row.program_id, row.account_id, row.token_id))
        )
    return Token(
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
        reward=read_reward(row.reward),
        shut=None if row.wrapped_key is None else Shut(row.wrapped_key, row.ciphertext),
        otp_to=otp_to,
        recipient=recipient,
        locked=bool(row.locked),
    )


def read_metadata(keys: AccountKeys, row: AnyRow) -> bytes:
    """The metadata of such a row; empty where there is none or the account's key is erased. Raises SealBroken."""
    if row.account_key is None:
        return b""
    seal = keys.unwrap((row.program_id, row.account_id), row.account_key)
    return _open_personal(seal.open(row.personal, _place(row.program_id, row.account_id, row.token_id)))[2]


def _place(program_id: str, account_id: str, token_id: str) -> bytes:
    return place("token", program_id, account_id, token_id)
