-- works.sql · an endpoint took something
UPDATE webhook_endpoints SET failing_since_ms = NULL
WHERE webhook_id = :webhook_id AND failing_since_ms IS NOT NULL
