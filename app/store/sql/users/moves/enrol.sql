-- enrol.sql · password and app of a user who has none → version; no row: they have, or are disabled
UPDATE users SET password_hash = :password_hash, sealed_seed = :sealed_seed, totp_step = :totp_step, version = version + 1
WHERE user_id = :user_id AND disabled_ms IS NULL AND password_hash IS NULL
RETURNING version
