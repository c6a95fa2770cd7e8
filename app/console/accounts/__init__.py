"""Accounts: found by any id of theirs, seen from all sides, and what can be done about one without a case."""
