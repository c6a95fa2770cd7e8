"""The durable record in SQL: SQLite by default, PostgreSQL by URL."""

from app.ports.record import EventErased
from app.store.sql.cursor import BadCursor
from app.store.sql.engine import open_engine
from app.store.sql.migrating import is_current, migrate
from app.store.sql.record import SqlRecord

__all__ = ["BadCursor", "EventErased", "SqlRecord", "is_current", "migrate", "open_engine"]
