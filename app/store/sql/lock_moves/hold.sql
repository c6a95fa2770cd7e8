-- Take the lock of an account's row until the commit, made open if it was not there; the row.
INSERT INTO account_locks (program_id, account_id, version, locked, changed_ms, asked_by)
VALUES (:program_id, :account_id, 0, 0, :now_ms, 'backend')
ON CONFLICT (program_id, account_id) DO UPDATE SET version = account_locks.version
RETURNING program_id, account_id, version, locked, changed_ms, asked_by
