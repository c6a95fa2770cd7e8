-- Cancel what still waits to be sent for a token, and destroy its content.
UPDATE outbox SET state = 'cancelled', sealed = :nothing, ended_ms = :now_ms
WHERE token_hash = :token_hash AND state = 'waiting'
