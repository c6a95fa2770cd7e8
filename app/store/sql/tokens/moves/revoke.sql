-- Move a live or frozen token to revoked and destroy its content; a row means it moved.
UPDATE tokens
SET state = 'revoked', ended_ms = :now_ms, wrapped_key = NULL, ciphertext = NULL,
    delivery = CASE WHEN delivery = 'waiting' THEN 'cancelled' ELSE delivery END
WHERE program_id = :program_id AND token_id = :token_id
AND state IN ('issued', 'delivered', 'challenged', 'verified', 'frozen')
RETURNING token_hash, token_id, program_id, campaign_id, points, face_value_minor, currency
