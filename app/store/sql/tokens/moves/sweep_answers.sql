-- Destroy answers that may no longer be given again, at most `most`; one row each.
UPDATE redemptions SET sealed_answer = :nothing, replay_until_ms = NULL
WHERE token_hash IN (SELECT token_hash FROM redemptions WHERE replay_until_ms <= :now_ms LIMIT :most)
RETURNING redemption_id
