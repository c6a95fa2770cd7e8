-- enable.sql · a user may sign in again → version; no row: no such user
UPDATE users SET disabled_ms = NULL WHERE user_id = :user_id RETURNING version
