"""Acts in SQL: what stands, each step, and the act with all of them in one transaction."""

from app.store.sql.acting.acts import SqlActs

__all__ = ["SqlActs"]
