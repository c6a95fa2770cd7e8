-- fails.sql · an endpoint took nothing of what it was sent
UPDATE webhook_endpoints SET failing_since_ms = :now_ms
WHERE webhook_id = :webhook_id AND failing_since_ms IS NULL
