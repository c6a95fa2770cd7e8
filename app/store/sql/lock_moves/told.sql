-- The hot store knows this version; when it is told again (NULL: never), unless there is a newer one.
UPDATE account_locks SET tell_ms = :tell_ms
WHERE program_id = :program_id AND account_id = :account_id AND version = :version
