-- Move a token to redeemed and destroy its content, if state, times, account, proof, hold and decision let it; a row: it moved.
UPDATE tokens
SET state = 'redeemed', ended_ms = :at_ms, wrapped_key = NULL, ciphertext = NULL,
    delivery = CASE WHEN delivery = 'waiting' THEN 'cancelled' ELSE delivery END,
    settles = COALESCE(settles, :check_id)
WHERE token_hash = :token_hash AND program_id = :program_id AND account_id = :account_id
AND not_before_ms <= :at_ms AND expires_ms > :at_ms AND held_ms IS NULL
AND (
    (otp_method = 'none' AND state IN ('issued', 'delivered'))
    OR (otp_method <> 'none' AND state = 'verified' AND :proven = 1)
)
AND NOT EXISTS (
    SELECT 1 FROM decisions
    WHERE decisions.program_id = tokens.program_id AND decisions.decision_id = tokens.settles
    AND decisions.outcome IS NOT NULL AND tokens.purpose = 'redemption'
)
RETURNING token_id, campaign_id, reward
