-- revive.sql · dead letters made since :since_ms wait again, oldest first, at most :limit → their accounts
UPDATE webhook_messages SET state = 'waiting', attempts = 0, ended_ms = NULL
WHERE message_id IN (
    SELECT message_id FROM webhook_messages
    WHERE webhook_id = :webhook_id AND state = 'dead' AND created_ms >= :since_ms
    ORDER BY number LIMIT :limit
)
RETURNING account_id
