-- fail_app.sql · one more fail of the app in a row; at :most it is disabled → fails, disabled_ms
UPDATE authenticators SET
    fails = fails + 1,
    disabled_ms = CASE WHEN disabled_ms IS NULL AND fails + 1 >= :most THEN :now_ms ELSE disabled_ms END
WHERE authenticator_id = :authenticator_id
RETURNING fails, disabled_ms
