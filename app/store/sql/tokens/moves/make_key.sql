-- Keep a key, unless one of that id is kept already; a row means it is kept.
INSERT INTO token_keys ("use", key_id, wrapped_key, made_ms, active_ms, until_ms)
VALUES (:use, :key_id, :wrapped_key, :made_ms, :active_ms, :until_ms)
ON CONFLICT ("use", key_id) DO NOTHING
RETURNING key_id
