-- lock_lanes.sql · takes the locks of lanes, in order
SELECT account_id FROM webhook_lanes
WHERE webhook_id = :webhook_id AND account_id IN :accounts
ORDER BY account_id
FOR UPDATE
