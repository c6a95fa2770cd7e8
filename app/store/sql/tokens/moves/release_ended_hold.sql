-- Let the token go on that is held for a decision whose hold the policy ended: its link works again. A row: it was held.
UPDATE tokens SET held_ms = NULL, released_ms = :now_ms
WHERE program_id = :program_id AND settles = :decision_id AND settles IS NOT NULL AND held_for = :decision_id
AND held_ms IS NOT NULL AND state IN ('issued', 'delivered', 'challenged', 'verified')
RETURNING token_id
