-- A token's redemption.
SELECT redemption_id, token_id, at_ms, call_hash, sealed_answer, reward FROM redemptions
WHERE token_hash = :token_hash
