-- Forget messages that ended long ago, at most `most`; one row each. `next_ms` is there for the index.
DELETE FROM outbox
WHERE message_id IN (
    SELECT message_id FROM outbox
    WHERE state IN ('sent', 'bounced', 'failed', 'cancelled') AND next_ms <= :messages_ended_ms
    AND ended_ms <= :messages_ended_ms LIMIT :most
)
RETURNING message_id
