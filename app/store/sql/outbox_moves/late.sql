-- late.sql · messages that are due and past their expiry, at most :limit → message_id …
SELECT message_id FROM outbox
WHERE state = 'waiting' AND next_ms <= :now_ms AND expires_ms <= :now_ms
ORDER BY next_ms LIMIT :limit
