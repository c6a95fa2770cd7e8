-- Forget who opened links that are long over, at most `most`; one row each.
DELETE FROM link_openings
WHERE (token_hash, session_hash) IN (
    SELECT token_hash, session_hash FROM link_openings WHERE kept_until_ms <= :now_ms LIMIT :most
)
AND kept_until_ms <= :now_ms
RETURNING 1
