"""Authenticator apps: enrolled, confirmed by a first code, replaced, forgotten. Their seeds are the account's secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from app.seal import place
from app.store.sql.dialect import insert_rows
from app.store.sql.otp.counting import MOVES, hold
from app.store.sql.tables import account_keys
from app.store.sql.token_tables import authenticators
from tokens.challenges import Authenticator
from tokens.limits import AUTHENTICATOR_REST_S

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from app.store.sql.account_keys import AccountKeys

_OPENED: Final = (
    select(authenticators, account_keys.c.wrapped_key)
    .join_from(
        authenticators,
        account_keys,
        (account_keys.c.program_id == authenticators.c.program_id)
        & (account_keys.c.account_id == authenticators.c.account_id)
        & (account_keys.c.key_id == authenticators.c.key_id),
    )
    .where(authenticators.c.retired_ms.is_(None))
)
"""Those that are not retired, with the key of their seed: an erased account has none."""
MINE: Final = authenticators.c


def enrol(connection: Connection, keys: AccountKeys, app: Authenticator) -> None:
    """Keep a new app, its seed sealed by the account's data key."""
    account = (app.program_id, app.account_id)
    key = keys.of(connection, [account])[account]
    row = {
        "authenticator_id": app.authenticator_id,
        "program_id": app.program_id,
        "account_id": app.account_id,
        "sealed_seed": key.seal.seal(app.seed, _place(*account, app.authenticator_id)),
        "key_id": key.key_id,
        "made_ms": app.made_ms,
        "confirmed_ms": None,
        "replaced": 0,
        "retired_ms": None,
        "last_step": app.last_step,
        "fails": 0,
        "disabled_ms": None,
    }
    insert_rows(connection, authenticators, [row])


def confirm(connection: Connection, authenticator_id: str, step: int, now_ms: int) -> tuple[str, str] | None:
    """Let the app count from now and retire the account's others; its programme and account, None where it cannot."""
    row = connection.execute(
        select(MINE.program_id, MINE.account_id).where(MINE.authenticator_id == authenticator_id)
    ).first()
    if row is None:
        return None
    account = (row.program_id, row.account_id)
    # Two confirmed at once would each wait for the row of the other.
    hold(connection, "authenticators", place(*account), now_ms)
    confirmed = MOVES(
        connection,
        "confirm",
        authenticator_id=authenticator_id,
        step=step,
        now_ms=now_ms,
        rested_ms=now_ms - AUTHENTICATOR_REST_S * 1_000,
    ).first()
    if confirmed is None:
        return None
    MOVES(
        connection,
        "retire_others",
        authenticator_id=authenticator_id,
        program_id=row.program_id,
        account_id=row.account_id,
        now_ms=now_ms,
        nothing=b"",
    )
    return account


def forget(
    connection: Connection, program_id: str, account_id: str, authenticator_id: str, now_ms: int
) -> bool:
    """Retire the app and destroy its seed. False where the account has none such."""
    forgotten = MOVES(
        connection,
        "forget",
        authenticator_id=authenticator_id,
        program_id=program_id,
        account_id=account_id,
        now_ms=now_ms,
        nothing=b"",
    ).first()
    return forgotten is not None


def held(
    connection: Connection, keys: AccountKeys, program_id: str, account_id: str, which: ColumnElement[bool]
) -> Authenticator | None:
    """The account's app for which that holds, its seed opened; the last made where there are several."""
    row = connection.execute(
        _OPENED.where(MINE.program_id == program_id, MINE.account_id == account_id, which)
        .order_by(MINE.made_ms.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    seal = keys.unwrap((program_id, account_id), row.wrapped_key)
    return Authenticator(
        authenticator_id=row.authenticator_id,
        program_id=program_id,
        account_id=account_id,
        seed=seal.open(row.sealed_seed, _place(program_id, account_id, row.authenticator_id)),
        made_ms=row.made_ms,
        confirmed_ms=row.confirmed_ms,
        replaced=bool(row.replaced),
        last_step=row.last_step,
        fails=row.fails,
        disabled_ms=row.disabled_ms,
    )


def _place(program_id: str, account_id: str, authenticator_id: str) -> bytes:
    return place("authenticator", program_id, account_id, authenticator_id)
