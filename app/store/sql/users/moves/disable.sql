-- disable.sql · a user signs in no more; their sessions end → version; no row: no such user
UPDATE users SET disabled_ms = COALESCE(disabled_ms, :now_ms), version = version + 1
WHERE user_id = :user_id
RETURNING version
