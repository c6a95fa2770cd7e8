-- Hold a live token that no person has released yet: its reward waits, for the decision named. A row means it is held now.
UPDATE tokens SET held_ms = :now_ms, held_for = :decision_id, settles = COALESCE(settles, :decision_id)
WHERE token_hash = :token_hash AND state IN ('issued', 'delivered', 'challenged', 'verified')
AND held_ms IS NULL AND released_ms IS NULL
RETURNING program_id, token_id, account_id, reward, expires_ms
