-- reset.sql · a user's password and app are taken away; their sessions end → version; no row: no such user
UPDATE users SET password_hash = NULL, sealed_seed = NULL, totp_step = 0, version = version + 1
WHERE user_id = :user_id
RETURNING version
