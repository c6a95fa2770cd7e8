-- Lock an account whose row is held, or unlock it; the row.
UPDATE account_locks
SET version = version + 1, locked = :locked, changed_ms = :now_ms, asked_by = :asked_by, tell_ms = :tell_ms
WHERE program_id = :program_id AND account_id = :account_id
RETURNING program_id, account_id, version, locked, changed_ms, asked_by
