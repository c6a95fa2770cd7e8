-- step.sql · the app's :step is used, its fails forgotten → last_step; no row: this step or a later one was used, or the app counts no more
UPDATE authenticators SET last_step = :step, fails = 0
WHERE authenticator_id = :authenticator_id AND program_id = :program_id AND account_id = :account_id
  AND last_step < :step AND confirmed_ms IS NOT NULL AND disabled_ms IS NULL AND retired_ms IS NULL
RETURNING last_step
