-- use_step.sql · use an app's :step up, if none as late was used → version; no row: it was, or the user changed
UPDATE users SET totp_step = :step
WHERE user_id = :user_id AND version = :version AND disabled_ms IS NULL AND totp_step < :step
RETURNING version
