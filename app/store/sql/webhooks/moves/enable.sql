-- enable.sql · makes an endpoint one that is told again → a row, or none
UPDATE webhook_endpoints SET state = 'enabled', why = '', failing_since_ms = NULL, disabled_ms = NULL
WHERE program_id = :program_id AND webhook_id = :webhook_id
RETURNING webhook_id
