"""Audit entries of several stores in one transaction, written once, at its end: the chain is held no longer than that."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from app.store.sql.audit import Audit, Entry


class Gathering(Audit):
    """
    In the place of the audit, for one transaction.

    Args:
        audit: The chain that the entries go to.
    """

    def __init__(self, audit: Audit) -> None:
        self._chain = audit
        self._entries: list[Entry] = []

    def append(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """Note them down."""
        del connection
        self._entries += entries

    def write(self, connection: Connection) -> None:
        """Write them: the last thing before the commit."""
        self._chain.append(connection, self._entries)
        self._entries = []
