-- set_password.sql · another password for a user as of :version; their sessions end → version; no row: changed meanwhile
UPDATE users SET password_hash = :password_hash, version = version + 1
WHERE user_id = :user_id AND version = :version AND disabled_ms IS NULL AND password_hash IS NOT NULL
RETURNING version
