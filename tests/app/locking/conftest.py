"""An installation with its switch, and the member's side of it."""

from __future__ import annotations

from typing import Any

import pytest

from app.keys import derive
from app.locking.switch import Switch, Wish
from app.seal import Seal
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.locks import SqlLocks
from tests.app.installation import MASTER, Installation
from tokens.who import Who


@pytest.fixture
def locks(installation: Installation) -> SqlLocks:
    keys, audit = AccountKeys(Seal(derive(MASTER, "record"))), Audit(derive(MASTER, "audit"))
    return SqlLocks(installation.engine, keys, audit)


@pytest.fixture
def switch(installation: Installation, locks: SqlLocks) -> Switch:
    return Switch(locks, installation.history, installation.sighter.digest, installation.clock)


@pytest.fixture
def wish() -> Any:
    """A function that makes one, of the member `m-1`."""

    def make(*, locked: bool = True, account_id: str = "m-1") -> Wish:
        return Wish("default", account_id, locked, "member", Who("member"))

    return make
