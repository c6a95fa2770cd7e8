-- reset.sql · password and app of a user as of :version are taken away; their sessions end → version; no row: changed meanwhile
UPDATE users SET password_hash = NULL, sealed_seed = NULL, totp_step = 0, version = version + 1
WHERE user_id = :user_id AND version = :version
RETURNING version
