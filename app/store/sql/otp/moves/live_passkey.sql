-- live_passkey.sql · the account's passkey, if it counts → passkey_id
SELECT passkey_id FROM passkeys
WHERE passkey_id = :passkey_id AND program_id = :program_id AND account_id = :account_id
  AND retired_ms IS NULL AND rests_until_ms <= :now_ms
