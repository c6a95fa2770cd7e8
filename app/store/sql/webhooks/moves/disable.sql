-- disable.sql · makes an endpoint one that is told nothing more
UPDATE webhook_endpoints SET state = 'disabled', why = :why, disabled_ms = :now_ms
WHERE webhook_id = :webhook_id AND state = 'enabled'
