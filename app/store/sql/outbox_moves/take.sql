-- take.sql · holds at most :limit due messages, codes first, then the longest due, until :until_ms; others pass over them meanwhile → those, and attempts with this one
WITH due AS MATERIALIZED (
    SELECT message_id FROM outbox
    WHERE state = 'waiting' AND next_ms <= :now_ms
    ORDER BY challenge_id IS NULL, next_ms LIMIT :limit
    FOR UPDATE SKIP LOCKED
)
UPDATE outbox SET next_ms = :until_ms, attempts = attempts + 1
WHERE message_id IN (SELECT message_id FROM due)
RETURNING message_id, kind, program_id, token_hash, sealed, created_ms, expires_ms, attempts
