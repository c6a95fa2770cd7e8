-- Take back what one act said of pairs, where it is still the last word; only for who holds the version; the pairs.
UPDATE pair_verdicts SET verdict = NULL, author = :author, judged_ms = :now_ms, expires_ms = NULL, version = :version
WHERE program_id = :program_id AND version = :undone AND verdict IS NOT NULL
RETURNING account_id, other_id
