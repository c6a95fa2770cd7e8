"""What the worker does for locks: the hot store is told of what it may not know, again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Engine

from app import metrics
from app.clock import system_clock
from app.keys import derive
from app.locking.switch import Switch
from app.seal import Seal
from app.sighting import Sighter
from app.store.pipeline import Pipeline
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.locks import SqlLocks
from app.store.valkey import ValkeyHistory
from app.worker.chores import Chore

TELL_EVERY_S: Final = 0.5
"""Between two looks: how long a lock whose caller was told 503 waits once the hot store is back."""
AT_ONCE: Final = 500
"""Accounts a look, some 50 ms; a full one is followed at once."""


def lock_chores(master: bytes, engine: Engine, pipeline: Pipeline, sighter: Sighter) -> Sequence[Chore]:
    """The chore, over these stores."""
    audit = Audit(derive(master, "audit"), metrics.audited)
    locks = SqlLocks(engine, AccountKeys(Seal(derive(master, "record"))), audit)
    switch = Switch(locks, ValkeyHistory(pipeline), sighter.digest, system_clock)

    async def tell() -> int:
        return await switch.tell_due(AT_ONCE)

    return (Chore("locks", tell, AT_ONCE, TELL_EVERY_S),)
