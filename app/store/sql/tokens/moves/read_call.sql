-- The body and the answer an Idempotency-Key was used for.
SELECT body_hash, sealed_answer FROM idempotent_calls WHERE program_id = :program_id AND key_hash = :key_hash
