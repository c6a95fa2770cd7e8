"""A data key for each account: without its row every sealed copy of the account's events is unreadable."""

from __future__ import annotations

from functools import lru_cache
from os import urandom
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import select

from app.seal import KEY_BYTES, Seal, place
from app.store.sql.dialect import insert_new
from app.store.sql.tables import account_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection

KEY_ID_BYTES: Final = 8
"""Random, so that an event sealed before an erasure is told from one sealed after the member came back."""
KEPT_KEYS: Final = 4_096
"""Unwrapped data keys kept in memory: about 1 kB each, the members active in a few minutes of traffic."""
ASKED_AT_ONCE: Final = 500
"""Accounts in one question: SQLite before 3.32 takes 999 parameters."""

_COLUMNS: Final = tuple(account_keys.c.keys())

AccountId = tuple[str, str]
"""Programme and account."""


class AccountKey(NamedTuple):
    """An account's data key, ready for use, and the id under which rows remember it."""

    key_id: bytes
    seal: Seal


class AccountKeys:
    """
    The accounts' data keys, wrapped by the service's key.

    What is cached is only the unwrapping, by the wrapped bytes: the row itself is read every time, so that an
    erasure counts at once in every process, and nothing is ever sealed under a key that is gone.
    """

    def __init__(self, wrapping: Seal) -> None:
        self._wrapping = wrapping
        self._kept = lru_cache(maxsize=KEPT_KEYS)(self._unwrap)

    def unwrap(self, account: AccountId, wrapped_key: bytes) -> Seal:
        """The data key in a row. Raises SealBroken where the service's key is another one."""
        return self._kept(account, wrapped_key)

    def of(self, connection: Connection, wanted: Collection[AccountId]) -> dict[AccountId, AccountKey]:
        """
        The keys of these accounts; those that have none yet are given one, in a transaction that writes.

        Who gives an account its key at the same moment is waited for, and what that one gave is read.
        """
        found = dict(self._stored(connection, wanted))
        while missing := sorted(set(wanted) - found.keys()):
            insert_new(connection, account_keys, [self._new(account) for account in missing])
            found |= self._stored(connection, missing)
        return found

    def forget_unwrapped(self) -> None:
        """Drop every unwrapped key from memory."""
        self._kept.cache_clear()

    def _new(self, account: AccountId) -> dict[str, Any]:
        wrapped_key = self._wrapping.seal(urandom(KEY_BYTES), place("account key", *account))
        return dict(zip(_COLUMNS, (*account, urandom(KEY_ID_BYTES), wrapped_key), strict=True))

    def _stored(
        self, connection: Connection, wanted: Collection[AccountId]
    ) -> Iterator[tuple[AccountId, AccountKey]]:
        by_program: dict[str, list[str]] = {}
        for program_id, account_id in wanted:
            by_program.setdefault(program_id, []).append(account_id)
        for program_id, ids in by_program.items():
            for start in range(0, len(ids), ASKED_AT_ONCE):
                rows = connection.execute(
                    select(account_keys).where(
                        account_keys.c.program_id == program_id,
                        account_keys.c.account_id.in_(ids[start : start + ASKED_AT_ONCE]),
                    )
                )
                for _, account_id, key_id, wrapped_key in rows:
                    account = (program_id, account_id)
                    yield account, AccountKey(key_id, self.unwrap(account, wrapped_key))

    def _unwrap(self, account: AccountId, wrapped_key: bytes) -> Seal:
        return Seal(self._wrapping.open(wrapped_key, place("account key", *account)))
