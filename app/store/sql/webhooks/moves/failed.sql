-- failed.sql · a message that was not taken: it waits on, or is a dead letter
UPDATE webhook_messages SET state = :state, attempts = attempts + 1, why = :why, ended_ms = :ended_ms
WHERE message_id = :message_id AND state = 'waiting'
