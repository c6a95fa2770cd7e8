-- Let a held token go on: its link works again until it expires. A row means it was held.
UPDATE tokens SET held_ms = NULL, released_ms = :now_ms
WHERE program_id = :program_id AND token_id = :token_id AND held_ms IS NOT NULL
AND state IN ('issued', 'delivered', 'challenged', 'verified')
RETURNING token_id, held_for
