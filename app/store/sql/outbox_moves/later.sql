-- later.sql · a message that still waits is due again at :next_ms, or at its expiry, when it ends
UPDATE outbox SET
    next_ms = CASE WHEN :next_ms < expires_ms THEN :next_ms ELSE expires_ms END,
    why = :why
WHERE message_id = :message_id AND state = 'waiting'
