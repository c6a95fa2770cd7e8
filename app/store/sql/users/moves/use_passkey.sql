-- use_passkey.sql · a passkey signed for the :sign_count-th time, more often than ever, or keeps no count → its user; no row: it did not
UPDATE user_passkeys SET sign_count = :sign_count, used_ms = :now_ms
WHERE passkey_id = :passkey_id AND user_id = :user_id AND (sign_count < :sign_count OR (sign_count = 0 AND :sign_count = 0))
RETURNING user_id
