-- confirm.sql · the enrolled app counts from now, no code up to :step ever again → authenticator_id; no row: it is confirmed or retired already, or such a step was used
UPDATE authenticators SET
    confirmed_ms = :now_ms,
    last_step = :step,
    replaced = CASE WHEN EXISTS (
        SELECT 1 FROM authenticators AS former
        WHERE former.program_id = authenticators.program_id AND former.account_id = authenticators.account_id
          AND former.confirmed_ms IS NOT NULL AND (former.retired_ms IS NULL OR former.retired_ms > :rested_ms)
    ) OR EXISTS (
        SELECT 1 FROM passkeys AS former
        WHERE former.program_id = authenticators.program_id AND former.account_id = authenticators.account_id
          AND (former.retired_ms IS NULL OR former.retired_ms > :rested_ms)
    ) THEN 1 ELSE 0 END
WHERE authenticator_id = :authenticator_id AND confirmed_ms IS NULL AND retired_ms IS NULL AND last_step < :step
RETURNING authenticator_id
