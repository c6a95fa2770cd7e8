-- end_lanes.sql · ends those of these lanes in which nothing waits
DELETE FROM webhook_lanes
WHERE webhook_id = :webhook_id AND account_id IN :accounts AND NOT EXISTS (
    SELECT 1 FROM webhook_messages m
    WHERE m.webhook_id = webhook_lanes.webhook_id AND m.state = 'waiting'
        AND m.account_id = webhook_lanes.account_id
)
