-- take_lanes.sql · holds at most :limit due lanes of an endpoint, longest due first, until :until_ms; others pass over them meanwhile → their accounts
WITH due AS MATERIALIZED (
    SELECT account_id FROM webhook_lanes
    WHERE webhook_id = :webhook_id AND next_ms <= :now_ms
    ORDER BY next_ms LIMIT :limit
    FOR UPDATE SKIP LOCKED
)
UPDATE webhook_lanes SET next_ms = :until_ms
WHERE webhook_id = :webhook_id AND account_id IN (SELECT account_id FROM due)
RETURNING account_id
