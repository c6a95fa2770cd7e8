-- Give up an Idempotency-Key claimed in this transaction.
DELETE FROM idempotent_calls WHERE program_id = :program_id AND key_hash = :key_hash
