-- sweep.sql · deletes at most :limit messages of a state that ended before :before_ms → a row for each
DELETE FROM webhook_messages WHERE message_id IN (
    SELECT message_id FROM webhook_messages
    WHERE ended_ms < :before_ms AND state = :state
    ORDER BY ended_ms LIMIT :limit
)
RETURNING message_id
