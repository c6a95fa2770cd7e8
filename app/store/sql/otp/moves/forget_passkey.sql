-- forget_passkey.sql · a passkey of the account counts no more and its key is destroyed → passkey_id; no row: there is none such
UPDATE passkeys SET retired_ms = :now_ms, sealed = :nothing
WHERE program_id = :program_id AND account_id = :account_id AND passkey_id = :passkey_id AND retired_ms IS NULL
RETURNING passkey_id
