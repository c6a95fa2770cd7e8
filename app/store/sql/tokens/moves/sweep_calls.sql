-- Forget idempotent calls past their day, at most `most`; one row each.
DELETE FROM idempotent_calls
WHERE (program_id, key_hash) IN (
    SELECT program_id, key_hash FROM idempotent_calls WHERE until_ms <= :now_ms LIMIT :most
)
AND until_ms <= :now_ms
RETURNING key_hash
