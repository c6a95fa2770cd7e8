-- Freeze a live token; its content stays. A row means it moved.
UPDATE tokens SET state = 'frozen'
WHERE token_hash = :token_hash AND state IN ('issued', 'delivered', 'challenged', 'verified')
RETURNING program_id, token_id
