"""What the worker does for tokens beside the journal, put together: time's ends, and the sending."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Engine

from app import metrics
from app.clock import system_clock
from app.keys import derive
from app.seal import Seal
from app.settings import Settings
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.emptying import empty_log
from app.store.sql.outbox import SqlOutbox
from app.store.sql.tokens import SqlKeyStore, SqlLedger
from app.worker.chores import Chore
from app.worker.delivering import BATCH, Deliverer
from app.worker.sending import courier, relay
from app.worker.tending_tokens import SWEEP_EVERY_S, SWEEP_ROWS, Tending

DELIVER_EVERY_S: Final = 0.5
"""Between two looks at the outbox: somebody waits for a code."""
EMPTY_EVERY_S: Final = 60.0
"""Between two emptyings of SQLite's log, in which destroyed content can still be read; [tokens.md] R4 allows an hour for
such copies. At full load a minute's log is near the 64 MiB at which SQLite empties it anyway."""
COUNT_EVERY_S: Final = 15.0
"""Between two counts of the outbox for the metrics: as often as Prometheus asks, since it reads an index through."""


def token_chores(settings: Settings, master: bytes, engine: Engine) -> Sequence[Chore]:
    """
    The chores, over this database.

    Raises:
        ValueError: A relay or messenger that cannot be used. The words hold no secret.
    """
    audit = Audit(derive(master, "audit"), metrics.audited)
    tending = Tending(
        SqlLedger(engine, AccountKeys(Seal(derive(master, "record"))), audit),
        SqlKeyStore(engine, Seal(derive(master, "tokens/keys")), audit),
        system_clock,
    )
    outbox = SqlOutbox(engine, audit)

    async def count() -> int:
        metrics.outbox(await asyncio.to_thread(outbox.overview))
        return 0

    async def empty() -> int:
        await asyncio.to_thread(empty_log, engine)
        return 0

    deliverer = Deliverer(
        outbox,
        Seal(derive(master, "tokens/outbox")),
        relay(settings, system_clock),
        courier(settings, system_clock),
        system_clock,
    )
    return (
        Chore("sweep", tending.step, SWEEP_ROWS, SWEEP_EVERY_S),
        Chore("deliver", deliverer.step, BATCH, DELIVER_EVERY_S),
        Chore("count", count, 1, COUNT_EVERY_S),
        Chore("empty", empty, 1, EMPTY_EVERY_S),
    )
