-- Destroy the answer kept for this caller; a row means there was one.
UPDATE redemptions SET sealed_answer = :nothing, replay_until_ms = NULL
WHERE token_hash = :token_hash AND call_hash = :call_hash AND replay_until_ms IS NOT NULL
RETURNING redemption_id
