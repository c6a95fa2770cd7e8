"""
The people of the console in SQL. Locks are taken in one order: who manages, requests, the user's row, links, codes,
passkeys, sessions, counts of tries, the end of the audit.
"""

from __future__ import annotations

from app.store.sql.users.factors import UserFactors
from app.store.sql.users.requests import UserRequests
from app.store.sql.users.sessions import UserSessions
from app.store.sql.users.tries import UserTries
from app.users.ports import Users


class SqlUsers(UserRequests, UserFactors, UserSessions, UserTries, Users):
    """
    `app.users.ports.Users`. Every method raises RecordAway: nothing was done then.

    Args:
        engine: A database at this version's migration.
        seal: Of what is personal or secret in the rows.
        audit: Where every change is noted, in its own transaction.
    """


__all__ = ["SqlUsers"]
