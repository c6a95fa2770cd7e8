-- Write a change down.
INSERT INTO lock_changes (program_id, account_id, version, locked, at_ms, asked_by, actor, sealed, key_id)
VALUES (:program_id, :account_id, :version, :locked, :at_ms, :asked_by, :actor, :sealed, :key_id)
