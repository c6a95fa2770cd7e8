-- retire_others.sql · the account's other apps count no more and their seeds are destroyed
UPDATE authenticators SET retired_ms = :now_ms, sealed_seed = :nothing
WHERE program_id = :program_id AND account_id = :account_id AND authenticator_id <> :authenticator_id
  AND retired_ms IS NULL
