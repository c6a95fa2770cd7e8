-- Claim an Idempotency-Key that is free or whose day is over; a row means it is ours.
INSERT INTO idempotent_calls (program_id, key_hash, body_hash, sealed_answer, until_ms)
VALUES (:program_id, :key_hash, :body_hash, :sealed_answer, :until_ms)
ON CONFLICT (program_id, key_hash) DO UPDATE
SET body_hash = excluded.body_hash, sealed_answer = excluded.sealed_answer, until_ms = excluded.until_ms
WHERE idempotent_calls.until_ms <= :now_ms
RETURNING key_hash
