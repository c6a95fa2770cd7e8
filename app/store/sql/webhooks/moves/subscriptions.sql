-- subscriptions.sql · endpoints that are told things → webhook_id, program_id, events
SELECT webhook_id, program_id, events FROM webhook_endpoints WHERE state = 'enabled' ORDER BY webhook_id
