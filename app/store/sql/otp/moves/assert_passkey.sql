-- assert_passkey.sql · the passkey was used and told this count, which rose or is not kept → passkey_id; no row: it went back, or there is no such passkey
UPDATE passkeys SET sign_count = :sign_count, used_ms = :now_ms
WHERE passkey_id = :passkey_id AND program_id = :program_id AND account_id = :account_id
  AND retired_ms IS NULL AND rests_until_ms <= :now_ms
  AND (sign_count < :sign_count OR (sign_count = 0 AND :sign_count = 0))
RETURNING passkey_id
