"""The record in SQL: `app.ports.record.Record` over SQLite or PostgreSQL, one class made of what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.ports.record import RecordAway
from app.store.sql.account_keys import AccountKeys
from app.store.sql.api_keys import ApiKeyRecord
from app.store.sql.decided import DecidedRecord
from app.store.sql.heard import FeedbackRecord
from app.store.sql.labelled import LabelRecord
from app.store.sql.linked import LinkRecord
from app.store.sql.listed import ListRecord
from app.store.sql.locks import LockRecord
from app.store.sql.migrating import is_current
from app.store.sql.policies import PolicyRecord
from app.store.sql.reach import reading

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.seal import Seal
    from app.store.sql.audit import Audit


class SqlRecord(
    DecidedRecord, LinkRecord, PolicyRecord, LabelRecord, ListRecord, LockRecord, FeedbackRecord, ApiKeyRecord
):
    """
    The durable record. Thread-safe; every method borrows one connection and returns it.

    Args:
        engine: From `open_engine`, migrated.
        seal: The service's own seal: it wraps the accounts' data keys and seals the values of list entries.
        audit: Where passed challenges are entered when they are recorded; needed by whoever appends.
    """

    def __init__(self, engine: Engine, seal: Seal, audit: Audit | None = None) -> None:
        keys = AccountKeys(seal)
        DecidedRecord.__init__(self, engine, keys, audit)
        LinkRecord.__init__(self, engine)
        PolicyRecord.__init__(self, engine)
        LabelRecord.__init__(self, engine)
        ListRecord.__init__(self, engine, seal)
        LockRecord.__init__(self, engine)
        FeedbackRecord.__init__(self, engine, seal, keys)
        ApiKeyRecord.__init__(self, engine)
        self._engine = engine

    def ping(self) -> None:
        """Raise RecordAway unless the database answers and every migration is applied."""
        with reading(self._engine) as connection:
            current = is_current(connection)
        if not current:
            raise RecordAway("the record is not migrated to this version")
