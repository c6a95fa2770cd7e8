-- Move live and frozen tokens whose time is over to expired, at most `most`, and destroy their content; those moved.
UPDATE tokens
SET state = 'expired', ended_ms = :now_ms, wrapped_key = NULL, ciphertext = NULL,
    delivery = CASE WHEN delivery = 'waiting' THEN 'cancelled' ELSE delivery END
WHERE token_hash IN (
    SELECT token_hash FROM tokens
    WHERE state IN ('issued', 'delivered', 'challenged', 'verified', 'frozen') AND expires_ms <= :now_ms
    ORDER BY expires_ms LIMIT :most
)
AND state IN ('issued', 'delivered', 'challenged', 'verified', 'frozen')
RETURNING token_hash, token_id, program_id, campaign_id, points, face_value_minor, currency
