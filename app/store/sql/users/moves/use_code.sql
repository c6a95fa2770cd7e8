-- use_code.sql · use a recovery code up → its user; no row: it is not theirs, or was used
UPDATE user_codes SET used_ms = :now_ms
WHERE user_id = :user_id AND code_hash = :code_hash AND used_ms IS NULL
RETURNING user_id
