-- forget.sql · an app of the account counts no more and its seed is destroyed → authenticator_id; no row: there is none such
UPDATE authenticators SET retired_ms = :now_ms, sealed_seed = :nothing
WHERE program_id = :program_id AND account_id = :account_id AND authenticator_id = :authenticator_id
  AND retired_ms IS NULL
RETURNING authenticator_id
