-- change.sql · another role or scope for a user as of :version; their sessions end → version; no row: changed meanwhile
UPDATE users SET role = :role, scope = :scope, version = version + 1
WHERE user_id = :user_id AND version = :version
RETURNING version
