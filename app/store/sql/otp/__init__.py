"""
Codes and authenticator apps in SQL. Everything about one subject is serialised by its row in `otp_subjects`.

Locks are taken in the ledger's order, so that no two transactions wait for each other: the subject, its challenges, its
token, authenticators, counts (of a client, a recipient, an account, a programme), passkeys and
their links, the outbox, the end of the audit.
"""

from app.store.sql.otp.challenges import SqlChallenges
from app.store.sql.otp.passkeys import SqlPasskeys

__all__ = ["SqlChallenges", "SqlPasskeys"]
