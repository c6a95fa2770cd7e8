-- Accounts of which the hot store is to be told now, the longest due first.
SELECT program_id, account_id, version, locked, changed_ms, asked_by FROM account_locks
WHERE tell_ms <= :now_ms ORDER BY tell_ms LIMIT :most
