"""The durable ledger of one-time tokens, and their keys, in SQL."""

from app.store.sql.tokens.keys import SqlKeyStore
from app.store.sql.tokens.ledger import SqlLedger
from app.store.sql.tokens.opening import SqlOpenings

__all__ = ["SqlKeyStore", "SqlLedger", "SqlOpenings"]
